import { crc32 } from 'node:zlib'
import type { Tally } from '../record/tally.ts'
import { isId } from '../protobuf/hex.ts'
import type { LogFields } from '../protobuf/log-fields.ts'
import type { SpanFields } from '../protobuf/span-fields.ts'
import type { Sampling } from './sampling.ts'

const STATUS_ERROR = 2

/** `SeverityNumber` of ERROR. */
const SEVERITY_ERROR = 17

/** How senders that set no number call errors. */
const ERROR_TEXT = /^(err|fatal|crit|alert|emerg|panic)/i

const TRACE_ID_BYTES = 16
const HASHES = 2 ** 32

/**
 * Decides by a hash of the trace id, so a trace is kept or left out as a whole, here and in every other process, and what is kept
 * at a high rate is part of what is kept at a lower one. It is another hash than what SDKs sample by (the id's last 7 bytes):
 * only then do the two rates multiply.
 */
export class Sampler {
  #rate = 1
  #keepSlowNanos = 0

  begin(sampling: Sampling | undefined): void {
    this.#rate = Math.max(1, sampling?.rate ?? 1)
    this.#keepSlowNanos = sampling?.keepSlowNanos ?? 0
  }

  /** How many spans this one stands for; 0 to leave it out. */
  ofSpan(source: Buffer, fields: SpanFields, tally: Tally): number {
    if (this.#rate === 1) return 1
    if (fields.statusCode === STATUS_ERROR) return 1
    const nanos = (fields.endHigh - fields.startHigh) * HASHES + (fields.endLow - fields.startLow)
    return nanos >= this.#keepSlowNanos ? 1 : this.#by(traceHash(source, fields.traceId.start), tally)
  }

  /** How many log records `source[start, stop)` stands for; 0 to leave it out. One without a trace is decided on by its bytes. */
  ofLog(source: Buffer, start: number, stop: number, fields: LogFields, tally: Tally): number {
    if (this.#rate === 1) return 1
    const { severityNumber, severityText, traceId } = fields
    if (severityNumber >= SEVERITY_ERROR) return 1
    if (severityNumber === 0 && ERROR_TEXT.test(source.toString('latin1', severityText.start, Math.min(severityText.stop, severityText.start + 8)))) return 1
    const hash = isId(source, traceId.start, traceId.stop, TRACE_ID_BYTES) ? traceHash(source, traceId.start) : mixed(crc32(source.subarray(start, stop)))
    return this.#by(hash, tally)
  }

  #by(hash: number, tally: Tally): number {
    if (hash * this.#rate < HASHES) return this.#rate
    tally.sampled++
    return 0
  }
}

function traceHash(source: Buffer, at: number): number {
  let hash = 0x9e3779b9
  for (let word = at; word < at + TRACE_ID_BYTES; word += 4) hash = mixed(hash ^ source.readInt32LE(word))
  return hash
}

/** MurmurHash3's finaliser (Appleby, 2011): each bit of the input changes half of those of the output. */
function mixed(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
