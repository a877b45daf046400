const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15
const MIXER: u64 = 0xbf58_476d_1ce4_e5b9

/** Random for each process, so that nobody can prepare texts that all fall into one slot. Must not show in what is written. */
let seed: u64 = 0

export function seedHashes(random: u64): void {
  seed = random
}

/** The first `length` bytes of the word at `at`, 1 to 7 of them, the others zero. */
@inline
function shortWord(at: usize, length: u32): u64 {
  return load<u64>(at) << (64 - <u64>length * 8)
}

/** Whether `length` bytes are the same. Reads up to seven bytes beyond them. */
@inline
export function isSame(a: usize, b: usize, length: u32): bool {
  if (length < 8) return length == 0 || shortWord(a, length) == shortWord(b, length)
  const last = length - 8
  for (let at: u32 = 0; at < last; at += 8) if (load<u64>(a + at) != load<u64>(b + at)) return false
  return load<u64>(a + last) == load<u64>(b + last)
}

/** A hash of `length` bytes: each word is multiplied, and folded so that its high bits show in the low ones (SplitMix64's constants, Steele et al., 2014). Reads up to seven bytes beyond them. */
@inline
export function hashOf(at: usize, length: u32): u32 {
  let hash: u64 = seed ^ length
  if (length >= 8) {
    const last = length - 8
    for (let from: u32 = 0; from < last; from += 8) {
      hash = (hash ^ load<u64>(at + from)) * GOLDEN_RATIO
      hash ^= hash >> 32
    }
    hash = (hash ^ load<u64>(at + last)) * GOLDEN_RATIO
  } else if (length > 0) hash = (hash ^ shortWord(at, length)) * GOLDEN_RATIO
  hash = (hash ^ (hash >> 29)) * MIXER
  return <u32>(hash >> 32)
}
