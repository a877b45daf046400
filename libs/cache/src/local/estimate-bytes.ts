// Sizes of V8's objects on a 64-bit machine without compressed pointers, as Node has it.
const WORD = 8
/** Map, properties, elements. */
const OBJECT = 3 * WORD
/** Map, elements, length, and the header of the elements. */
const ARRAY = 6 * WORD
const STRING = 2 * WORD
/** A number that is not a small whole one lies in a box. */
const BOX = 2 * WORD
const MAX_SMALL_INTEGER = 2 ** 31
/** A Map or Set, with what its table takes for each entry. */
const COLLECTION = 12 * WORD
const COLLECTION_ENTRY = 5 * WORD
/** A buffer or typed array, without its bytes. */
const VIEW = 20 * WORD
/** Date, RegExp and the like. */
const SPECIAL = 12 * WORD

/**
 * About how much memory a value takes, in bytes. What occurs twice is counted once; what is not plain data (closures, private fields) is not seen.
 * It walks over the whole value.
 */
export function estimateBytes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return primitiveBytes(value)
  const seen = new Set<object>([value])
  const waiting: object[] = [value]
  let bytes = 0
  const add = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) {
      bytes += primitiveBytes(part)
    } else if (!seen.has(part)) {
      seen.add(part)
      waiting.push(part)
    }
  }
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (Array.isArray(next)) {
      bytes += ARRAY + WORD * next.length
      // Numbers stand in the elements themselves, unboxed.
      for (const part of next) if (typeof part !== 'number') add(part)
    } else if (ArrayBuffer.isView(next)) {
      bytes += VIEW + next.byteLength
    } else if (next instanceof Map) {
      bytes += COLLECTION + COLLECTION_ENTRY * next.size
      for (const [key, part] of next) {
        add(key)
        add(part)
      }
    } else if (next instanceof Set) {
      bytes += COLLECTION + COLLECTION_ENTRY * next.size
      for (const part of next) add(part)
    } else if (next instanceof Date || next instanceof RegExp) {
      bytes += SPECIAL
    } else {
      bytes += OBJECT
      // The keys belong to the shape, which objects that look alike share.
      for (const part of Object.values(next)) {
        bytes += WORD
        add(part)
      }
    }
  }
  return bytes
}

function primitiveBytes(value: unknown): number {
  if (typeof value === 'string') return STRING + roundUp(stringBytes(value))
  if (typeof value === 'number') return Number.isInteger(value) && value < MAX_SMALL_INTEGER && value >= -MAX_SMALL_INTEGER ? 0 : BOX
  return typeof value === 'bigint' ? STRING + WORD * Math.ceil(value.toString(16).length / 16) : 0
}

/** One byte a character when all of them are Latin-1, else two: told by the first few. */
function stringBytes(text: string): number {
  const sample = Math.min(text.length, 32)
  for (let i = 0; i < sample; i++) if (text.charCodeAt(i) > 0xff) return 2 * text.length
  return text.length
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / WORD) * WORD
}
