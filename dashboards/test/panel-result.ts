import type { PanelJson } from './board-json.ts'

/** A result as ClickHouse gives it in the format JSONCompact. */
export interface Result {
  readonly meta: readonly { readonly name: string; readonly type: string }[]
  readonly data: readonly (readonly unknown[])[]
}

const bare = (type: string): string => type.replace(/^(?:Nullable|LowCardinality|SimpleAggregateFunction\(\w+, )\(?/, '').replace(/^(?:Nullable|LowCardinality)\(/, '')
const isNumber = (type: string): boolean => /^(U?Int|Float|Decimal)/.test(bare(type))
const isText = (type: string): boolean => /^(String|Enum8|FixedString)/.test(bare(type))
const isTime = (type: string): boolean => bare(type).startsWith('DateTime')

/** Most series that a chart may show. */
const MAX_SERIES = 8

/** What is wrong with a result for the kind of panel it is for; nothing when it can be shown. */
export function flaws(panel: PanelJson, { meta, data }: Result): string[] {
  const wrong: string[] = []
  const [first, ...rest] = meta
  if (data.length === 0) return ['has no rows']
  const numbers = meta.flatMap(({ type }, index) => (isNumber(type) ? [index] : []))
  const isFilled = (index: number): boolean => data.some((row) => row[index] !== null && row[index] !== undefined)
  if (panel.type !== 'logs' && !numbers.some(isFilled)) wrong.push('has no figure')
  switch (panel.type) {
    case 'stat':
      if (data.length !== 1) wrong.push(`has ${data.length} rows; a figure is one`)
      if (meta.some(({ type }) => !isNumber(type))) wrong.push(`has columns that are no numbers: ${JSON.stringify(meta)}`)
      if (!isFilled(0)) wrong.push('has no value')
      break
    case 'timeseries':
    case 'heatmap':
    case 'state-timeline': {
      if (first?.name !== 'time' || !isTime(first.type)) wrong.push(`begins with ${JSON.stringify(first)}; it must be a time`)
      const labels = rest.filter(({ type }) => isText(type))
      const values = rest.filter(({ type }) => isNumber(type))
      if (labels.length + values.length !== rest.length) wrong.push(`has columns that are neither text nor number: ${JSON.stringify(rest)}`)
      if (labels.length > 1 || (labels.length === 1 && values.length !== 1)) wrong.push('must have one text and one number, or numbers alone')
      const label = meta.findIndex(({ type }) => isText(type))
      const series = label < 0 ? values.map(({ name }) => name) : [...new Set(data.map((row) => String(row[label])))]
      if (panel.type === 'timeseries' && series.length > MAX_SERIES) wrong.push(`has ${series.length} series: ${series.join(', ')}`)
      if (panel.type === 'heatmap' && series.some((name) => !Number.isFinite(Number(name)))) wrong.push(`has buckets that are no numbers: ${series.join(', ')}`)
      const times = data.map((row) => String(row[0]))
      if (times.join() !== times.toSorted().join()) wrong.push('is not in the order of time')
      break
    }
    case 'table':
      if (data.length > 200) wrong.push(`has ${data.length} rows`)
      break
    case 'logs':
      if (first?.name !== 'timestamp' || !isTime(first.type)) wrong.push('must begin with timestamp')
      if (meta[1]?.name !== 'body' || meta[2]?.name !== 'level') wrong.push('must go on with body and level')
      break
    default:
      wrong.push(`is of the kind ${panel.type}, which this test does not know`)
  }
  for (const { matcher } of panel.fieldConfig?.overrides ?? []) {
    if (panel.type === 'table' && !meta.some(({ name }) => name === matcher.options)) wrong.push(`has a unit for ${matcher.options}, which is no column`)
  }
  for (const { url } of panel.fieldConfig?.defaults.links ?? []) {
    for (const [, field] of url.matchAll(/__data\.fields\.(\w+)/g)) if (!meta.some(({ name }) => name === field)) wrong.push(`links by ${field}, which is no column`)
  }
  return wrong
}
