import type { JournalFiles } from '../src/journal/journal-files.ts'

interface StoredFile {
  bytes: Buffer
  modifiedAtMs: number
}

/** A journal's folder in memory, which is slow or fails when it is told to. */
export class MemoryFiles implements JournalFiles {
  readonly files = new Map<string, StoredFile>()
  /** What was done, in order: `create`, `write`, `written`, `names`, `rename`, `remove`. */
  readonly log: string[] = []
  /** Names of segments that were read. */
  readonly reads: string[] = []
  /** Thrown by the next call of an operation. */
  failures: Partial<Record<'create' | 'write', Error>> = {}
  /** Only so many bytes of the next write that fails are written. */
  written = 0
  /** While set, a write waits for it before it is on the disk. */
  gate: Promise<void> | undefined

  bytesOf(ending: string): Buffer {
    const found = [...this.files].find(([name, { bytes }]) => name.endsWith(ending) && bytes.length > 0)
    if (found === undefined) throw new Error(`no file ends with ${ending}: ${[...this.files.keys()].join(', ')}`)
    return found[1].bytes
  }

  /** Names of files that hold something. */
  names(ending = ''): string[] {
    return [...this.files].filter(([name, { bytes }]) => name.endsWith(ending) && bytes.length > 0).map(([name]) => name).toSorted()
  }

  put(name: string, bytes: Uint8Array, modifiedAtMs = 0): void {
    this.files.set(name, { bytes: Buffer.from(bytes), modifiedAtMs })
  }

  list = () => Promise.resolve([...this.files].map(([name, { bytes, modifiedAtMs }]) => ({ name, bytes: bytes.length, modifiedAtMs })))

  read(name: string): Promise<Buffer> {
    const file = this.files.get(name)
    if (file !== undefined) this.reads.push(name)
    return file === undefined ? Promise.reject(Object.assign(new Error(`ENOENT: ${name}`), { code: 'ENOENT' })) : Promise.resolve(Buffer.from(file.bytes))
  }

  create(name: string): ReturnType<JournalFiles['create']> {
    const failure = this.#failure('create')
    if (failure !== undefined) return Promise.reject(failure)
    this.log.push('create')
    this.put(name, Buffer.alloc(0))
    return this.open(name)
  }

  open(name: string): ReturnType<JournalFiles['open']> {
    const file = this.files.get(name)!
    const write = (bytes: Uint8Array, position: number): void => {
      const next = Buffer.alloc(Math.max(file.bytes.length, position + bytes.length))
      file.bytes.copy(next)
      next.set(bytes, position)
      file.bytes = next
      file.modifiedAtMs = Date.now()
    }
    return Promise.resolve({
      write: async (parts, position) => {
        const bytes = Buffer.concat(parts)
        this.log.push('write')
        await this.gate
        const failure = this.#failure('write')
        write(failure === undefined ? bytes : bytes.subarray(0, this.written), position)
        if (failure !== undefined) throw failure
        this.log.push('written')
      },
      sync: () => Promise.resolve(),
      truncate: (bytes) => {
        file.bytes = Buffer.from(file.bytes.subarray(0, bytes))
        return Promise.resolve()
      },
      close: () => Promise.resolve(),
    })
  }

  replace(name: string, text: string): Promise<void> {
    this.put(name, Buffer.from(text))
    return Promise.resolve()
  }

  rename(from: string, to: string): Promise<void> {
    const file = this.files.get(from)
    if (file === undefined) return Promise.reject(new Error(`ENOENT: ${from}`))
    this.log.push('rename')
    this.files.delete(from)
    this.files.set(to, file)
    return Promise.resolve()
  }

  remove(name: string): Promise<void> {
    this.log.push('remove')
    this.files.delete(name)
    return Promise.resolve()
  }

  syncNames(): Promise<void> {
    this.log.push('names')
    return Promise.resolve()
  }

  #failure(operation: 'create' | 'write'): Error | undefined {
    const failure = this.failures[operation]
    delete this.failures[operation]
    return failure
  }
}
