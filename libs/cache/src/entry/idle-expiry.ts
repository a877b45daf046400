/** Share of the idle lifetime after which use is recorded again: in Redis, where it costs a command, and here. */
const RECORDED_SHARE = 0.25

/** When use is to be recorded next. `Infinity` without an idle lifetime. */
export function useDueAt(now: number, idleTtlMs: number): number {
  return now + RECORDED_SHARE * idleTtlMs
}

/** How long an entry is kept after its use was recorded, in milliseconds: use in the share that follows is not recorded, and must not be forgotten. */
export function keptIdleMs(idleTtlMs: number): number {
  return (1 + RECORDED_SHARE) * idleTtlMs
}

/** How long Redis keeps an entry, in milliseconds. */
export function physicalTtlMs(entry: { readonly hardAt: number }, now: number, idleTtlMs: number): number {
  return Math.min(entry.hardAt - now, keptIdleMs(idleTtlMs))
}
