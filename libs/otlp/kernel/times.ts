/** A time that no DateTime column holds: 2^32 seconds in nanoseconds have this high half, and a low half of 0. */
const END_OF_TIME: u64 = 1_000_000_000 << 32

let oldest: u64 = 0
let lateBefore: u64 = 0
let newest: u64 = 0
let late: u32 = 0

/** Times from `from` to `to`, both included, are plain; those before `lateFrom` are counted. */
export function beginTimes(from: u64, lateFrom: u64, to: u64): void {
  oldest = from
  lateBefore = lateFrom
  newest = to
  late = 0
}

/** How many times were late. */
export function lateCount(): u32 {
  return late
}

/** Whether a time can be stored as it is; zero is none. */
@inline
export function isPlainTime(time: u64): bool {
  if (time < lateBefore) late++
  return time >= oldest && time <= newest && time != 0
}

/** Whether a column can hold a time. */
@inline
export function isStorableTime(time: u64): bool {
  return time < END_OF_TIME
}
