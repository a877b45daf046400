import { type Entry, entryOf, type EntryStamps } from '../entry/entry.ts'
import { lifetimeOf, type Policy, type ValueOptions } from '../policy.ts'
import { checkTags } from '../tags/check-tags.ts'
import type { RegionContext } from './region-context.ts'

/**
 * The entry for a value: how long it lives and its tags are decided by its loader, else by the value, else by the policy.
 *
 * @throws CacheError `OPTION_INVALID`, `TAGS_INVALID`.
 */
export function newEntry<R>({ name, random, maxTaggedTtlMs }: Pick<RegionContext, 'name' | 'random' | 'maxTaggedTtlMs'>, policy: Policy, value: R, startedAt: number, stamps: Omit<EntryStamps, 'tags'>, set: ValueOptions = {}): Entry<R> {
  const lifetime = lifetimeOf(name, policy, value, set)
  const tags = value === null || value === undefined ? undefined : checkTags(name, set.tags ?? policy.tags?.(value as never) ?? [])
  // The mark of a tag must outlive what carries the tag.
  const bounded = tags === undefined || lifetime.hardTtlMs <= maxTaggedTtlMs ? lifetime : { softTtlMs: Math.min(lifetime.softTtlMs, maxTaggedTtlMs), hardTtlMs: maxTaggedTtlMs }
  return entryOf(value, bounded, policy.jitter, startedAt, random, { ...stamps, tags })
}
