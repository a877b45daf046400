/** Results of `cache.gets` that spared the caller a load. */
const HITS: ReadonlySet<string> = new Set(['fresh', 'stale', 'negative', 'coalesced'])

/**
 * The share of a service's cache reads that were answered without a load of their own, from its Prometheus text;
 * `undefined` before the first read.
 */
export function cacheHitRatio(prometheusText: string): number | undefined {
  let hits = 0
  let all = 0
  for (const [, labels, value] of prometheusText.matchAll(/^cache_gets_total\{([^}]*)\} (\d+)/gm)) {
    const result = /cache_result="(\w+)"/.exec(labels!)?.[1] ?? ''
    all += Number(value)
    if (HITS.has(result)) hits += Number(value)
  }
  return all === 0 ? undefined : hits / all
}
