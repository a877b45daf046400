import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stopWithThisProcess } from '../stack/orphan-guard.ts'
import { processStart } from '../stack/process-identity.ts'
import { RunRecord } from '../stack/run-record.ts'

const children: ChildProcess[] = []

/** A process that runs until it is stopped; `stubborn` ones ignore SIGTERM. */
async function bystander(stubborn = false): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `${stubborn ? 'process.on("SIGTERM", () => {});' : ''} setInterval(() => {}, 1000); console.log("up")`], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  await once(child.stdout!, 'data')
  return child
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

describe('the record of a run', () => {
  let stateDir: string
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'ballast-run-'))
  })

  test('names the npm start that runs from the same folder', () => {
    new RunRecord(stateDir).add('npm start', process.pid)
    expect(new RunRecord(stateDir).runningLauncher()).toBe(process.pid)
  })

  test('finds and stops what a killed run left behind, also what ignores SIGTERM', async () => {
    const [polite, stubborn] = [await bystander(), await bystander(true)]
    const killed = new RunRecord(stateDir)
    killed.add('ingest', polite.pid)
    killed.add('Redis', stubborn.pid)
    const next = new RunRecord(stateDir)
    expect(next.hasLeftovers()).toBe(true)
    const exits = [once(polite, 'exit'), once(stubborn, 'exit')]
    let now = 0
    await next.clearLeftovers(() => (now += 3000))
    expect((await Promise.all(exits)).map(([, signal]) => signal as string)).toEqual(['SIGTERM', 'SIGKILL'])
    expect(new RunRecord(stateDir).hasLeftovers()).toBe(false)
  })

  test('never touches a process that was given the pid of one of ours later', async () => {
    const stranger = await bystander()
    writeFileSync(join(stateDir, 'run.json'), JSON.stringify([{ name: 'ingest', pid: stranger.pid, start: 'another time' }]))
    const record = new RunRecord(stateDir)
    expect(record.hasLeftovers()).toBe(false)
    await record.clearLeftovers()
    expect(processStart(stranger.pid!)).toBeDefined()
  })

  test('half a file, left by a kill in the middle of a write, is no obstacle', () => {
    writeFileSync(join(stateDir, 'run.json'), '[{"name": "npm st')
    const record = new RunRecord(stateDir)
    expect([record.runningLauncher(), record.hasLeftovers()]).toEqual([undefined, false])
  })
})

test('a program under guard ends when the process that started it is killed', async () => {
  const guard = join(import.meta.dirname, '../stack/orphan-guard.ts')
  const program = await bystander()
  const parent = spawn(process.execPath, ['--input-type=module', '-e', `import { stopWithThisProcess } from ${JSON.stringify(guard)}; stopWithThisProcess(${program.pid}); console.log('guarded'); setInterval(() => {}, 1000)`], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(parent)
  await once(parent.stdout!, 'data')
  const ended = once(program, 'exit')
  parent.kill('SIGKILL')
  expect((await ended)[1]).toBe('SIGTERM')
})

test('a guard that is told the program has ended does nothing more', async () => {
  const program = await bystander()
  stopWithThisProcess(program.pid!)()
  expect(processStart(program.pid!)).toBeDefined()
})
