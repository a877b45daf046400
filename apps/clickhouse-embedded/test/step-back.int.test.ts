import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { ServerProcess } from './server-process.ts'

/** The niceness of each thread: the nineteenth field, counted behind the name, which may hold anything. */
function nicenessOf(pid: number): readonly number[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  })
}

test.runIf(process.platform === 'linux')('a server that is told to steps back, with all threads of its engine', async () => {
  // One step behind the tests, which may have stepped back themselves.
  const nice = getPriority() + 1
  const server = await ServerProcess.start({ CLICKHOUSE_EMBEDDED_NICE: String(nice) })
  onTestFinished(() => server.remove())
  expect(await (await fetch(`${server.url}/?query=SELECT+1`)).text()).toBe('1\n')
  const niceness = nicenessOf(server.pid)
  // What is left are the threads that Node made before it read any setting: its signal thread and V8's helpers.
  const backward = niceness.filter((each) => each === nice).length
  expect(backward).toBeGreaterThan(4 * (niceness.length - backward))
})
