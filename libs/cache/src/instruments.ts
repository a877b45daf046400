import { metrics } from '@opentelemetry/api'
import { COHERENCE } from './redis/changes.ts'
import type { CacheStats } from './stats.ts'

/** Which counter is which `cache.tier` and `cache.result` of `cache.gets`. */
const GETS = [
  ['localFresh', 'local', 'fresh'],
  ['localStale', 'local', 'stale'],
  ['localNegative', 'local', 'negative'],
  ['redisFresh', 'redis', 'fresh'],
  ['redisStale', 'redis', 'stale'],
  ['redisNegative', 'redis', 'negative'],
  ['coalesced', 'none', 'coalesced'],
  ['miss', 'none', 'miss'],
  ['shed', 'none', 'shed'],
  ['failed', 'none', 'error'],
] as const

/** Which counter is which `cache.reason` of `cache.entries.unusable`. */
const UNUSABLE = [
  ['corrupt', 'corrupt'],
  ['foreign', 'foreign'],
  ['undecryptable', 'undecryptable'],
  ['mismatched', 'schema'],
] as const

/** Shows a cache's counts as OpenTelemetry instruments, read when metrics are collected. Returns what ends it. Keys never become attributes. */
export function observeCache(namespace: string, stats: () => CacheStats): () => void {
  const meter = metrics.getMeter('@ballast/cache')
  const gets = meter.createObservableCounter('cache.gets', { description: 'Answers to get, by tier and result', unit: '{get}' })
  const loads = meter.createObservableCounter('cache.loads', { description: 'Loads started', unit: '{load}' })
  const loadErrors = meter.createObservableCounter('cache.load.errors', { description: 'Loads that failed or timed out', unit: '{error}' })
  const early = meter.createObservableCounter('cache.refreshes.early', { description: 'Refreshes of values that were still fresh', unit: '{refresh}' })
  const shed = meter.createObservableCounter('cache.loads.shed', { description: 'Loads refused and refreshes put off, because too many loads ran', unit: '{load}' })
  const running = meter.createObservableUpDownCounter('cache.loads.running', { description: 'Loads that run', unit: '{load}' })
  const waiting = meter.createObservableUpDownCounter('cache.loads.queued', { description: 'Loads that wait for their turn', unit: '{load}' })
  const refused = meter.createObservableCounter('cache.fills.refused', { description: 'Loaded values not stored, because the key changed meanwhile', unit: '{fill}' })
  const unusable = meter.createObservableCounter('cache.entries.unusable', { description: 'Entries in Redis that were treated as a miss, by reason', unit: '{entry}' })
  const leaseWaits = meter.createObservableCounter('cache.lease.waits', { description: 'Loads that waited for another process', unit: '{wait}' })
  const writes = meter.createObservableCounter('cache.puts', { description: 'Values stored by write', unit: '{put}' })
  const invalidations = meter.createObservableCounter('cache.invalidations', { description: 'Calls of invalidate', unit: '{invalidation}' })
  const size = meter.createObservableUpDownCounter('cache.size', { description: 'Entries in the local tier', unit: '{entry}' })
  const bytes = meter.createObservableUpDownCounter('cache.local.bytes', { description: 'Estimated memory of the local tier, where local.maxBytes is set', unit: 'By' })
  const evictions = meter.createObservableCounter('cache.evictions', { description: 'Local entries that gave way to others', unit: '{entry}' })
  const oversized = meter.createObservableCounter('cache.local.oversized', { description: 'Values not kept locally because they are larger than local.maxBytes', unit: '{entry}' })
  const limit = meter.createObservableUpDownCounter('cache.limit', { description: 'Entries that the local tier may have', unit: '{entry}' })
  const redisErrors = meter.createObservableCounter('cache.redis.errors', { description: 'Redis commands that failed or timed out', unit: '{error}' })
  const queued = meter.createObservableUpDownCounter('cache.invalidations.queued', { description: 'Invalidations that wait for Redis', unit: '{invalidation}' })
  const reachable = meter.createObservableGauge('cache.redis.reachable', { description: '1 when Redis is asked, else 0' })
  const tracking = meter.createObservableGauge('cache.tracking.live', { description: '1 while changes in Redis are heard, else 0' })
  const coherent = meter.createObservableGauge('cache.coherence', { description: '1 for that by which local copies of processes agree, 0 for the others' })
  const coherenceChanges = meter.createObservableCounter('cache.coherence.changes', { description: 'Times that the channel of changes was established or lost', unit: '{change}' })
  const losses = meter.createObservableCounter('cache.tracking.losses', { description: 'Times that the channel of changes was lost', unit: '{loss}' })
  const heard = meter.createObservableCounter('cache.changes.heard', { description: 'Changed keys that were heard of', unit: '{change}' })
  const instruments = [coherent, coherenceChanges, bytes, evictions, oversized, limit, shed, running, waiting, early, tracking, losses, heard, gets, loads, loadErrors, refused, unusable, leaseWaits, writes, invalidations, size, redisErrors, queued, reachable]

  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const { definitions, redis, coherence, coherenceChanges: changes } = stats()
    for (const [name, counts] of Object.entries(definitions)) {
      const attributes = { 'cache.namespace': namespace, 'cache.name': name }
      for (const [counter, tier, outcome] of GETS) result.observe(gets, counts[counter], { ...attributes, 'cache.tier': tier, 'cache.result': outcome })
      result.observe(loads, counts.loads, attributes)
      result.observe(loadErrors, counts.loadErrors, attributes)
      result.observe(early, counts.earlyRefreshes, attributes)
      result.observe(shed, counts.loadsShed, attributes)
      result.observe(running, counts.loadsRunning, attributes)
      result.observe(waiting, counts.loadsQueued, attributes)
      result.observe(refused, counts.fillsRefused, attributes)
      for (const [counter, reason] of UNUSABLE) result.observe(unusable, counts[counter], { ...attributes, 'cache.reason': reason })
      result.observe(leaseWaits, counts.leaseWaits, attributes)
      result.observe(writes, counts.writes, attributes)
      result.observe(invalidations, counts.invalidations, attributes)
      result.observe(size, counts.localItems, attributes)
      result.observe(bytes, counts.localBytes, attributes)
      result.observe(evictions, counts.evictions, attributes)
      result.observe(oversized, counts.oversized, attributes)
      result.observe(limit, counts.localLimit, attributes)
    }
    result.observe(redisErrors, redis.errors, { 'cache.namespace': namespace })
    result.observe(queued, redis.queuedInvalidations, { 'cache.namespace': namespace })
    result.observe(tracking, redis.tracking === 'live' ? 1 : 0, { 'cache.namespace': namespace })
    for (const state of COHERENCE) result.observe(coherent, state === coherence ? 1 : 0, { 'cache.namespace': namespace, 'cache.coherence.state': state })
    result.observe(coherenceChanges, changes, { 'cache.namespace': namespace })
    result.observe(losses, redis.trackingLosses, { 'cache.namespace': namespace })
    result.observe(heard, redis.changesHeard, { 'cache.namespace': namespace })
    result.observe(reachable, redis.reachable ? 1 : 0, { 'cache.namespace': namespace })
  }
  meter.addBatchObservableCallback(observe, instruments)
  return () => meter.removeBatchObservableCallback(observe, instruments)
}
