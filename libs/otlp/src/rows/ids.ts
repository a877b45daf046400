const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/
const SPAN_ID = /^(?!0{16})[0-9a-f]{16}$/

/** Sixteen bytes of hex that are not all zero. */
export function isTraceId(id: string): boolean {
  return TRACE_ID.test(id)
}

/** Eight bytes of hex that are not all zero. */
export function isSpanId(id: string): boolean {
  return SPAN_ID.test(id)
}

/** A span without a parent may say so by nothing or by zeros. */
export function isAbsentSpanId(id: string): boolean {
  return /^0*$/.test(id) && (id.length === 0 || id.length === 16)
}
