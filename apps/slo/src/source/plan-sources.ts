import { indicatorKey, type Indicator } from '../measure/indicator.ts'
import { CacheSource } from './cache-source.ts'
import { FreshnessSource } from './freshness-source.ts'
import { HistogramSource } from './histogram-source.ts'
import { RowSource } from './row-source.ts'
import type { Source } from './source.ts'
import { SqlSource } from './sql-source.ts'

/** Indicators of rows that one scan serves at most: its values must fit a request, and its answer memory. */
const MAX_INDICATORS_PER_SCAN = 5000

/** Which sources must be read for these indicators: as few as there can be. */
export function planSources(indicators: readonly Indicator[]): Source[] {
  const groups = new Map<string, { readonly index: number; readonly indicator: Indicator }[]>()
  for (const [index, indicator] of indicators.entries()) {
    const key = sourceKey(indicator)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [{ index, indicator }])
    else group.push({ index, indicator })
  }
  return [...groups.values()].flatMap((group) => {
    const chunks = Array.from({ length: Math.ceil(group.length / MAX_INDICATORS_PER_SCAN) }, (_, chunk) => group.slice(chunk * MAX_INDICATORS_PER_SCAN, (chunk + 1) * MAX_INDICATORS_PER_SCAN))
    return chunks.map(sourceOf)
  })
}

/** Indicators with the same key are read by one scan. */
function sourceKey(indicator: Indicator): string {
  switch (indicator.template) {
    case 'spans':
    case 'work':
      return JSON.stringify([indicator.template, indicator.groupBy ?? null])
    case 'completeness':
      return JSON.stringify([indicator.rows, null])
    case 'cache':
      return 'cache'
    case 'freshness':
    case 'histogram':
    case 'sql':
      return indicatorKey(indicator)
  }
}

function sourceOf(group: readonly { readonly index: number; readonly indicator: Indicator }[]): Source {
  const { index, indicator } = group[0]!
  switch (indicator.template) {
    case 'spans':
    case 'work':
      return new RowSource(indicator.template, of(group, 'spans', 'work', 'completeness'), indicator.groupBy)
    case 'completeness':
      return new RowSource(indicator.rows, of(group, 'spans', 'work', 'completeness'))
    case 'cache':
      return new CacheSource(of(group, 'cache'))
    case 'freshness':
      return new FreshnessSource(index, indicator)
    case 'histogram':
      return new HistogramSource(index, indicator)
    case 'sql':
      return new SqlSource(group.map((each) => each.index), indicator)
  }
}

type Placed<T extends Indicator['template']> = { readonly index: number; readonly indicator: Extract<Indicator, { readonly template: T }> }

/** A group has indicators of one source only; this says so to the compiler. */
function of<T extends Indicator['template']>(group: readonly { readonly index: number; readonly indicator: Indicator }[], ...templates: readonly T[]): Placed<T>[] {
  return group.filter((each): each is Placed<T> => (templates as readonly string[]).includes(each.indicator.template))
}
