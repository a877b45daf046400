import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A program beside this file, in a process of its own, that answers messages. */
export class Child {
  readonly port: number
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, port: number) {
    this.#process = process
    this.port = port
  }

  /** Starts it and waits until it says on which port it listens. */
  static async start(program: string, args: readonly string[] = []): Promise<Child> {
    const process = run(program, args)
    const [{ port }] = (await once(process, 'message')) as [{ port: number }]
    return new Child(process, port)
  }

  async ask<T>(question: string): Promise<T> {
    const answer = once(this.#process, 'message') as Promise<[T]>
    this.#process.send(question)
    return (await answer)[0]
  }

  async stop(): Promise<void> {
    const gone = once(this.#process, 'exit')
    this.#process.disconnect()
    await gone
  }
}

/** Runs a program beside this file to its end. @returns what it sent. */
export async function result<T>(program: string, args: readonly string[] = []): Promise<T> {
  const process = run(program, args)
  const gone = once(process, 'exit')
  const [value] = (await once(process, 'message')) as [T]
  await gone
  return value
}

function run(program: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(`./${program}`, import.meta.url)), args, { execArgv: ['--conditions=@ballast/source', '--expose-gc'] })
}
