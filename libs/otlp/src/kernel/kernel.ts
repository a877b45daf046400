import { randomBytes } from 'node:crypto'
import { kernelBytes } from './kernel-bytes.ts'

const PAGE_BYTES = 65_536

/** Room that a request may take. It is kept for the next one, and taken from the system only where it is written to. */
const MAX_MEMORY_BYTES = 128 * 1024 * 1024

/** Functions read and write up to so many bytes beyond what they are given. */
export const SLACK_BYTES = 64

interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** What we need of the engine's WebAssembly: TypeScript knows that of browsers only. */
declare const WebAssembly: {
  readonly Memory: new (size: { readonly initial: number; readonly maximum: number }) => Memory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: Readonly<Record<string, object>>) => { readonly exports: unknown }
}

/** A constant of the kernel. */
interface Constant {
  readonly value: number
}

/** What the kernel offers; `kernel/` says what each does. Pointers are offsets in its memory; a column function returns where its column ends. */
export interface KernelFunctions {
  seedHashes(random: bigint): void
  beginTape(source: number, records: number, attributes: number, limit: number, maxAttributes: number): void
  beginKeys(at: number): void
  beginPseudonyms(at: number, owner: number): void
  beginTimes(from: bigint, lateFrom: bigint, to: bigint): void
  beginTexts(active: boolean, from: number, mask: number, value: number, numbers: boolean): void
  beginValues(maxValueBytes: number, maxBodyBytes: number, seekNumbersFrom: number): void
  readSpan(start: number, stop: number): number
  readLog(start: number, stop: number): number
  lateCount(): number
  beginEventRanges(at: number, limit: number): void
  eventCount(): number
  readEvents(records: number, attributes: number, limit: number, keys: number): number
  swap(): void
  writeEventEnds(to: number): number
  attributeCount(): number
  keyCount(): number
  keyEntries(): number
  sortAttributes(): number
  writeAttributeEnds(to: number): number
  writeKeyIds(to: number, width: number): number
  writeValues(to: number): number
  writeTexts(to: number, field: number): number
  writeBodies(to: number): number
  writeHex16(to: number, field: number): number
  writeHex8(to: number, field: number): number
  write64(to: number, field: number): number
  write32(to: number, field: number, width: number): number
  writeDurations(to: number): number
  backwardCount(): number
  writeEnds(to: number, first: number, step: number, count: number): number
  numberNames(slots: number, mask: number, names: number, orKind: boolean): number
  renumberNames(numbers: number): void
  writeRanges(to: number, ranges: number, stride: number, count: number): number
  numberKinds(field: number, numbers: number, order: number): number
  writeKindIds(to: number, field: number, numbers: number): number
  readonly KEY_TABLE_BYTES: Constant
  readonly PSEUDONYM_BYTES: Constant
  readonly KEY_BYTES: Constant
  readonly PLACE: Constant
  readonly HITS: Constant
  readonly DROP: Constant
  readonly MASK: Constant
  readonly PSEUDONYMISE: Constant
  readonly TIME: Constant
  readonly TRACE_ID: Constant
  readonly SPAN_ID: Constant
  readonly PARENT_SPAN_ID: Constant
  readonly KIND: Constant
  readonly FIRST_TEXT: Constant
  readonly LAST_TEXT: Constant
  readonly CODE: Constant
  readonly NAME_ID: Constant
}

/** What the kernel asks for; `kernel/host.ts` says what each does. */
export interface KernelHost {
  isUtf8(start: number, length: number): boolean
  writeValue(role: number, kind: number, start: number, length: number, to: number): number
  writePseudonym(kind: number, start: number, length: number, to: number): number
}

/** The compiled kernel and its memory. Serves one request at a time, of whoever is its host then. */
export class Kernel {
  readonly run: KernelFunctions
  /** All of the memory; another object after it has grown. */
  bytes: Buffer
  view: DataView
  host: KernelHost | undefined
  readonly #memory = new WebAssembly.Memory({ initial: 32, maximum: MAX_MEMORY_BYTES / PAGE_BYTES })

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(kernelBytes, 'base64'))
    const host: KernelHost = {
      isUtf8: (start, length) => this.host!.isUtf8(start, length),
      writeValue: (role, kind, start, length, to) => this.host!.writeValue(role, kind, start, length, to),
      writePseudonym: (kind, start, length, to) => this.host!.writePseudonym(kind, start, length, to),
    }
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory }, host: { ...host } })
    this.run = exports as KernelFunctions
    this.bytes = Buffer.from(this.#memory.buffer)
    this.view = new DataView(this.#memory.buffer)
    this.run.seedHashes(randomBytes(8).readBigUInt64LE())
  }

  /** Makes the memory at least so large; `false` when it may not be. */
  ensure(bytes: number): boolean {
    if (bytes <= this.bytes.length) return true
    if (bytes > MAX_MEMORY_BYTES) return false
    const pages = Math.ceil(Math.min(MAX_MEMORY_BYTES, Math.max(bytes, this.bytes.length * 2)) / PAGE_BYTES)
    try {
      this.#memory.grow(pages - this.bytes.length / PAGE_BYTES)
    } catch {
      // The system has no more: the writers of records may need less.
      return false
    }
    this.bytes = Buffer.from(this.#memory.buffer)
    this.view = new DataView(this.#memory.buffer)
    return true
  }
}

let shared: Kernel | undefined

/** The kernel of this process. */
export function sharedKernel(): Kernel {
  return (shared ??= new Kernel())
}
