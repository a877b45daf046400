import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

/** The threads of a process: their names and how far they step back, the nineteenth field, counted behind the name, which may hold anything. */
function threadsOf(pid: number): readonly { readonly name: string; readonly nice: number }[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    const nameEnd = stat.lastIndexOf(')')
    return { name: stat.slice(stat.indexOf('(') + 1, nameEnd), nice: Number(stat.slice(nameEnd + 2).split(' ')[16]) }
  })
}

test.runIf(process.platform === 'linux')('a server that is told to steps back, with all threads of its engine', async () => {
  // One step behind the tests, which may have stepped back themselves.
  const nice = getPriority() + 1
  const server = await ServerProcess.start({ CLICKHOUSE_EMBEDDED_NICE: String(nice) })
  onTestFinished(() => server.remove())
  expect(await (await fetch(`${server.url}/?query=SELECT+1`)).text()).toBe('1\n')
  const niceness = threadsOf(server.pid).map((thread) => thread.nice)
  // What is left are the threads that Node made before it read any setting: its signal thread and V8's helpers.
  const backward = niceness.filter((each) => each === nice).length
  expect(backward).toBeGreaterThan(4 * (niceness.length - backward))
})

test.runIf(process.platform === 'linux')('merges step back behind queries and inserts, before there is a table and after a restart', async () => {
  const server = await ServerProcess.start()
  onTestFinished(() => server.remove())
  const behind = Math.min(19, getPriority() + 10)
  const merging = (): readonly number[] => threadsOf(server.pid).filter(({ name }) => name === 'MergeMutate').map(({ nice }) => nice)
  expect(merging()).toEqual([behind, behind])
  await server.sql('CREATE TABLE t (n UInt8) ENGINE = MergeTree ORDER BY n')
  for (const n of [1, 2]) await server.sql(`INSERT INTO t VALUES (${n})`)
  await server.sql('OPTIMIZE TABLE t FINAL')
  expect(merging()).toEqual([behind, behind])
  await server.signal('SIGTERM')
  await server.restart()
  expect(await server.sql('SELECT count() FROM t')).toBe('2')
  expect(merging()).toEqual([behind, behind])
})
