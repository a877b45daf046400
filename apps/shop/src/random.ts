/** Uniform numbers in [0, 1). */
export type Random = () => number

/**
 * A small seeded generator of pseudo-random numbers: the same seed gives the same sequence on every machine.
 * A Weyl sequence over 32 bits (step: the golden ratio) through the `lowbias32` integer hash of Chris Wellons' hash-prospector.
 *
 * @param seed - a whole number, 0 to 2^32 - 1.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let hash = state
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
    hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
    return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
  }
}
