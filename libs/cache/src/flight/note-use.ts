import { physicalTtlMs } from '../entry/idle-expiry.ts'
import { type LocalEntry, recordUse } from '../local/local-tier.ts'
import type { Policy } from '../policy.ts'
import type { RegionContext } from './region-context.ts'

/** A value with an idle lifetime was asked for. Redis is told so seldom that it costs next to nothing. */
export function noteUse({ shared, clock, name }: Pick<RegionContext, 'shared' | 'clock' | 'name'>, id: string, entry: LocalEntry<unknown>, { idleTtlMs }: Pick<Policy, 'idleTtlMs'>): void {
  const now = clock.now()
  if (now < entry.useDueAt || idleTtlMs === Number.POSITIVE_INFINITY) return
  recordUse(entry, now, idleTtlMs)
  if (entry.stampUs > 0) void shared?.touch(`${name}:${id}`, physicalTtlMs(entry, now, idleTtlMs), idleTtlMs)
}
