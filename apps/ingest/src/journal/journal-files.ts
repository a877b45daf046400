import { constants } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A file that is written at its end. */
export interface AppendFile {
  /** Writes all parts, one behind the other, to the disk, or throws. */
  write(parts: readonly Uint8Array[], position: number): Promise<void>
  /** Returns when what a process before this one wrote is on the disk. */
  sync(): Promise<void>
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** The journal's folder. Tests put failures in between. */
export interface JournalFiles {
  /** Names and sizes of all files. */
  list(): Promise<readonly { readonly name: string; readonly bytes: number; readonly modifiedAtMs: number }[]>
  /** @param allocate - gives memory for so many bytes. */
  read(name: string, allocate?: (bytes: number) => Buffer): Promise<Buffer>
  /** @throws when it exists. */
  create(name: string): Promise<AppendFile>
  open(name: string): Promise<AppendFile>
  /** A small file, whole or not at all. */
  replace(name: string, text: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(name: string): Promise<void>
  /** Returns when names that were made, changed or removed are on the disk. */
  syncNames(): Promise<void>
}

/**
 * A write returns when its bytes, and what is needed to find them, are on the disk: what `fdatasync` after it would do, in one
 * turn of a thread instead of two. On a busy machine each turn waits for a processor, twice.
 */
const WRITE_THROUGH = constants.O_RDWR | constants.O_DSYNC

/** The journal's folder on the disk; made when it is not there. */
export async function journalFiles(dir: string): Promise<JournalFiles> {
  await mkdir(dir, { recursive: true })
  const path = (name: string): string => join(dir, name)

  async function appendFile(name: string, flags: number): Promise<AppendFile> {
    const handle = await open(path(name), flags)
    return {
      async write(parts, position) {
        let at = position
        for (let rest = parts; rest.length > 0; ) {
          const { bytesWritten } = await handle.writev(rest, at)
          if (bytesWritten === 0) throw Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' })
          at += bytesWritten
          rest = without(rest, bytesWritten)
        }
      },
      sync: () => handle.datasync(),
      truncate: (bytes) => handle.truncate(bytes),
      close: () => handle.close(),
    }
  }

  async function syncNames(): Promise<void> {
    const handle = await open(dir, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  return {
    async list() {
      const names = await readdir(dir)
      const found = await Promise.all(names.map(async (name) => ({ name, info: await stat(path(name)).catch(() => undefined) })))
      return found.flatMap(({ name, info }) => (info?.isFile() === true ? [{ name, bytes: info.size, modifiedAtMs: info.mtimeMs }] : []))
    },
    read: (name, allocate = (bytes) => Buffer.allocUnsafeSlow(bytes)) => readWhole(path(name), allocate),
    create: (name) => appendFile(name, WRITE_THROUGH | constants.O_CREAT | constants.O_EXCL),
    open: (name) => appendFile(name, WRITE_THROUGH),
    async replace(name, text) {
      await writeFile(path(`${name}.new`), text, { flush: true })
      await rename(path(`${name}.new`), path(name))
      await syncNames()
    },
    rename: (from, to) => rename(path(from), path(to)),
    remove: (name) => rm(path(name), { force: true }),
    syncNames,
  }
}

/** Into one buffer of its size: `readFile` takes twice the memory, and what is thrown away is what the collector stops everybody for. */
async function readWhole(path: string, allocate: (bytes: number) => Buffer): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const bytes = allocate(size)
    let at = 0
    while (at < size) {
      const { bytesRead } = await handle.read(bytes, at, size - at, at)
      if (bytesRead === 0) break
      at += bytesRead
    }
    return bytes.subarray(0, at)
  } finally {
    await handle.close()
  }
}

/** The parts behind so many bytes. */
function without(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let left = bytes
  for (const [index, part] of parts.entries()) {
    if (left < part.length) return [part.subarray(left), ...parts.slice(index + 1)]
    left -= part.length
  }
  return []
}
