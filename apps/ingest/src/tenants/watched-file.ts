import { readFileSync, statSync } from 'node:fs'

/** Between two looks whether the file has changed, milliseconds. */
const LOOK_MS = 1_000

export interface WatchedFileOptions<T> {
  readonly path: string
  /** @throws when the text cannot be used. */
  readonly parse: (text: string) => T
  /** Told why a changed file is not used; the content before it stays. */
  readonly onError: (error: Error) => void
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * A file whose changes count without a restart. It is looked at when it is asked for, because file systems of containers
 * replace mounted files in ways that notifications do not follow.
 */
export class WatchedFile<T> {
  readonly #options: WatchedFileOptions<T>
  #content: T
  #version: string
  #lookedAtMs: number

  /** @throws when it cannot be read, or `parse` does. */
  constructor(options: WatchedFileOptions<T>) {
    this.#options = options
    this.#lookedAtMs = options.now()
    this.#version = versionOf(options.path)
    this.#content = options.parse(readFileSync(options.path, 'utf8'))
  }

  /** What it held within the last second. */
  get content(): T {
    const { path, parse, onError, now } = this.#options
    const nowMs = now()
    if (Math.abs(nowMs - this.#lookedAtMs) < LOOK_MS) return this.#content
    this.#lookedAtMs = nowMs
    try {
      const version = versionOf(path)
      if (version !== this.#version) {
        this.#content = parse(readFileSync(path, 'utf8'))
        this.#version = version
      }
    } catch (error) {
      onError(error as Error)
    }
    return this.#content
  }
}

function versionOf(path: string): string {
  const { mtimeMs, size, ino } = statSync(path)
  return `${mtimeMs}-${size}-${ino}`
}
