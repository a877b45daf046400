import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'

const entry = fileURLToPath(new URL('demo-service.ts', import.meta.url))
const started: ChildProcess[] = []

interface Run {
  readonly child: ChildProcess
  readonly output: () => string
  readonly exit: Promise<number | null>
}

function run(env: Record<string, string> = {}, args: readonly string[] = []): Run {
  const child = spawn(process.execPath, ['--conditions=@ballast/source', entry, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  started.push(child)
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  return { child, output: () => output, exit }
}

async function startedOn(demo: Run): Promise<string> {
  await once(demo.child, 'message')
  await vi.waitFor(() => expect(demo.output()).toContain('"port":'))
  return `http://127.0.0.1:${/"port":(\d+)/.exec(demo.output())?.[1]}`
}

afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

describe('runService', () => {
  test('stops the start with one sentence and exit code 2 on a bad value', async () => {
    const demo = run({ DEMO_PORT: 'http' })
    expect(await demo.exit).toBe(2)
    expect(demo.output()).toBe('DEMO_PORT is "http", which is not allowed; allowed: a port number, 0 to 65535 (0 takes any free port).\n')
  })

  test('stops the start on a setting it does not know, and on an argument', async () => {
    const [setting, argument] = [run({ DEMO_PROT: '1' }), run({}, ['--port=1'])]
    expect([await setting.exit, await argument.exit]).toEqual([2, 2])
    expect(setting.output()).toBe('DEMO_PROT is not a setting; did you mean DEMO_PORT?\n')
    expect(argument.output()).toContain('unknown argument --port=1')
  })

  test('explains itself with --help', async () => {
    const demo = run({}, ['--help'])
    expect(await demo.exit).toBe(0)
    expect(demo.output()).toMatch(/demo: Answers on one port\.[\s\S]*DEMO_PORT +where it listens\n +default: 0; allowed: a port number[\s\S]*LOG_LEVEL/)
  })

  test('finishes the running request on SIGTERM and exits 0', async () => {
    const demo = run()
    const url = await startedOn(demo)
    const slow = fetch(`${url}/slow`)
    await fetch(`${url}/livez`)
    demo.child.kill('SIGTERM')
    expect(await (await slow).json()).toEqual({ done: true })
    expect(await demo.exit).toBe(0)
    expect(demo.output()).toContain('"reason":"SIGTERM"')
  })

  test('stops when its parent is gone', async () => {
    const demo = run()
    await startedOn(demo)
    demo.child.disconnect()
    expect((await once(demo.child, 'exit'))[0]).toBe(0)
  })

  test('exits 1 with the sentence when its port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const demo = run({ DEMO_PORT: String(port) })
    expect(await demo.exit).toBe(1)
    other.close()
    expect(demo.output()).toContain(`port ${port} on 127.0.0.1 is taken; set DEMO_PORT to a free port`)
  })
})
