/** Sizes beyond which what is stored is cut, and counted in the warnings. Nothing is cut inside a character. */
export interface Limits {
  /** UTF-8 bytes of an attribute's value, and of other texts of a record: status message, trace state, event name, description and unit of a metric. @default no limit */
  readonly maxValueBytes?: number
  /** UTF-8 bytes of the body of a log record. @default no limit */
  readonly maxBodyBytes?: number
  /** Attributes of one resource, scope, record, data point, event, link or exemplar; the first ones stay. @default no limit */
  readonly maxAttributes?: number
}

/** Larger than anything that fits into a request. */
export const NO_LIMIT = 2 ** 30

/** Where `source[start, stop)` is to be cut so that at most `maxBytes` are left and no character is split. */
export function cutAt(source: Uint8Array, start: number, stop: number, maxBytes: number): number {
  if (stop - start <= maxBytes) return stop
  let end = start + maxBytes
  // The bytes of a character after its first one begin with the bits 10. Only UTF-8 has at most three of them.
  for (let back = 0; back < 3 && end > start && (source[end]! & 0xc0) === 0x80; back++) end--
  return end
}
