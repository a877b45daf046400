import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { TierCatalog } from '../burn/tier-catalog.ts'
import { type ObjectiveSet, readObjectiveSet } from './objective-set.ts'
import { problemOf } from './problem.ts'

interface KnownFile {
  /** Changes when the file does: time, size. */
  readonly stamp: string
  readonly text: string
  readonly lastGoodText: string | undefined
  readonly fault: string | undefined
}

/** Larger files are refused, bytes. */
const MAX_FILE_BYTES = 1024 * 1024
/** Folders in folders that are looked into. */
const MAX_DEPTH = 8

/** A folder of OpenSLO files, and those in it, read again when one of them changes. */
export class ObjectiveFolder {
  readonly #dir: string
  readonly #catalog: TierCatalog
  readonly #receivers: readonly string[] | undefined
  #files = new Map<string, KnownFile>()
  #folderFault: string | undefined
  #current: ObjectiveSet | undefined

  /** @param receivers - names of the targets that alerts can go to; absent where nobody knows them. */
  constructor(dir: string, catalog: TierCatalog, receivers?: readonly string[]) {
    this.#dir = dir
    this.#catalog = catalog
    this.#receivers = receivers
  }

  /** The objectives as the files are now. The same object as before when no file changed. */
  async read(): Promise<ObjectiveSet> {
    const changed = await this.#scan()
    if (this.#current === undefined || changed) this.#current = this.#assemble()
    return this.#current
  }

  async #scan(): Promise<boolean> {
    let names: string[]
    try {
      names = (await this.#list('', 0)).toSorted()
    } catch (error) {
      return this.#noteFolderFault(`cannot be read (${(error as Error).message}); set SLO_DIR to the folder of the objectives`)
    }
    const files = new Map<string, KnownFile>()
    for (const name of names) files.set(name, await this.#look(name))
    const before = this.#files
    this.#files = files
    const fault = this.#noteFolderFault(undefined)
    return fault || files.size !== before.size || [...files].some(([name, file]) => before.get(name) !== file)
  }

  /** Names of the files in a folder and those below it, seen from the top. Hidden ones are left out: a mounted ConfigMap has its files twice, once in such a folder. */
  async #list(folder: string, depth: number): Promise<string[]> {
    const entries = (await readdir(join(this.#dir, folder), { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'))
    const files = entries.filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name)).map(({ name }) => join(folder, name))
    const below = depth === MAX_DEPTH ? [] : entries.filter((entry) => entry.isDirectory())
    return [...files, ...(await Promise.all(below.map(({ name }) => this.#list(join(folder, name), depth + 1)))).flat()]
  }

  async #look(name: string): Promise<KnownFile> {
    const known = this.#files.get(name)
    try {
      const { mtimeMs, size } = await stat(join(this.#dir, name))
      const stamp = `${mtimeMs} ${size}`
      if (known?.stamp === stamp) return known
      if (size > MAX_FILE_BYTES) return { stamp, text: '', lastGoodText: known?.lastGoodText, fault: `is larger than ${MAX_FILE_BYTES} bytes; split it` }
      return { stamp, text: await readFile(join(this.#dir, name), 'utf8'), lastGoodText: known?.lastGoodText, fault: undefined }
    } catch (error) {
      const fault = `cannot be read (${(error as Error).message})`
      return known?.fault === fault ? known : { stamp: '', text: '', lastGoodText: known?.lastGoodText, fault }
    }
  }

  /** Keeps the files that were read before when the folder cannot be listed: an unreadable folder does not delete objectives. */
  #noteFolderFault(fault: string | undefined): boolean {
    const changed = this.#folderFault !== fault
    this.#folderFault = fault
    return changed
  }

  #assemble(): ObjectiveSet {
    const files = [...this.#files].map(([file, { text, lastGoodText, fault }]) => ({ file, text: fault === undefined ? text : (lastGoodText ?? ''), lastGoodText }))
    const set = readObjectiveSet(files, this.#catalog, this.#receivers)
    for (const [name, known] of this.#files) {
      if (known.fault === undefined && set.goodFiles.has(name)) this.#files.set(name, { ...known, lastGoodText: known.text })
    }
    const faults = [...this.#files].flatMap(([file, { fault }]) => (fault === undefined ? [] : [problemOf({ level: 'error', file, fault })]))
    if (this.#folderFault !== undefined) faults.push(problemOf({ level: 'error', file: this.#dir, fault: this.#folderFault }))
    return { ...set, problems: [...faults, ...set.problems] }
  }
}
