import { randomInt } from 'node:crypto'
import { sourceView } from './source-view.ts'

/** Bytes that are read at once. */
const WORD_BYTES = 4

/** Random for each process, so that nobody can prepare texts that all fall into one slot. Must not show in what is written. */
const SEED = randomInt(2 ** 31)
const MULTIPLIER = randomInt(2 ** 30) * 2 + 1

/** An odd number with well-mixed bits (MurmurHash3's finaliser). */
const MIXER = 0x85ebca6b | 0

/** A hash of `source[start, end)`, 32 bits; another one in each process. */
export function hashOf(source: Buffer, start: number, end: number): number {
  let hash = SEED ^ (end - start)
  if (end - start < WORD_BYTES) for (let at = start; at < end; at++) hash = Math.imul(hash ^ source[at]!, MULTIPLIER)
  else {
    const words = sourceView(source)
    const last = end - WORD_BYTES
    for (let at = start; at < last; at += WORD_BYTES) {
      hash = Math.imul(hash ^ words.getInt32(at, true), MULTIPLIER)
      hash ^= hash >>> 15
    }
    // The last word may overlap the one before.
    hash = Math.imul(hash ^ words.getInt32(last, true), MULTIPLIER)
  }
  // Tables take the low bits, so what changes only high ones must show in them.
  hash = Math.imul(hash ^ (hash >>> 16), MIXER)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** Whether `source[start, end)` is what `view` has from `from` on. */
export function isSame(source: Buffer, start: number, end: number, view: DataView, from: number): boolean {
  const length = end - start
  if (length < WORD_BYTES) {
    for (let at = 0; at < length; at++) if (source[start + at] !== view.getUint8(from + at)) return false
    return true
  }
  const words = sourceView(source)
  const last = length - WORD_BYTES
  for (let at = 0; at < last; at += WORD_BYTES) if (words.getInt32(start + at) !== view.getInt32(from + at)) return false
  return words.getInt32(start + last) === view.getInt32(from + last)
}
