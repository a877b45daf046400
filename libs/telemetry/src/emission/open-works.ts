import type { Work } from '../work/work.ts'
import type { EndReason } from './end-reason.ts'

/** A unit of work that has begun and not ended. */
export interface OpenWork {
  readonly work: Work
  readonly startedAtMs: number
  /** Emits an event that says that it still runs. */
  heartbeat(): void
  /** Ends it because the process ends. */
  abandon(reason: EndReason, error?: unknown): void
}

/** Most that are kept in mind. Work that never ends must not fill the memory; beyond this the oldest gets no heartbeats and no event at exit. */
const MAX_OPEN = 100_000

const open = new Set<OpenWork>()

/** The units of work that run now, oldest first. */
export const openWorks = {
  get size(): number {
    return open.size
  },
  add(work: OpenWork): void {
    if (open.size >= MAX_OPEN) open.delete(open.values().next().value!)
    open.add(work)
  },
  delete(work: OpenWork): void {
    open.delete(work)
  },
  values(): Iterable<OpenWork> {
    return open
  },
}

/** Ends every unit of work that runs, so that its event is emitted. @returns how many. */
export function abandonOpenWorks(reason: EndReason): number {
  const left = [...open]
  for (const work of left) work.abandon(reason)
  return left.length
}
