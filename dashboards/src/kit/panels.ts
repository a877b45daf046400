import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { BigValueColorMode, BigValueGraphMode, BigValueTextMode, GraphDrawStyle, GraphThresholdsStyleMode, LegendDisplayMode, LegendPlacement, StackingMode, TooltipDisplayMode, VisibilityMode } from '@grafana/grafana-foundation-sdk/common'
import { GraphThresholdsStyleConfigBuilder, ReduceDataOptionsBuilder, StackingConfigBuilder, VizLegendOptionsBuilder, VizTooltipOptionsBuilder } from '@grafana/grafana-foundation-sdk/common'
import { DashboardLinkBuilder, type DynamicConfigValue, type Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as HeatmapBuilder } from '@grafana/grafana-foundation-sdk/heatmap'
import { PanelBuilder as LogsBuilder } from '@grafana/grafana-foundation-sdk/logs'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { ClickHouseQuery, dataSource } from './click-house-query.ts'
import type { DataLink } from './links.ts'
import { byThresholds, type Limits, palette, thresholds } from './palette.ts'

/** What every panel says. */
export interface PanelSpec {
  readonly title: string
  /** What it shows, how it is counted, what to do when it is bad. */
  readonly description: string
  readonly sql: string
  /** Unit of the values, by Grafana's name. */
  readonly unit: string
  /** Columns of 24 that it takes. */
  readonly width: number
  readonly limits?: Limits
  readonly links?: readonly DataLink[]
}

/** A chart's own choices. */
export interface ChartSpec extends PanelSpec {
  /** Parts of a whole are stacked; nothing else is. */
  readonly partsOfWhole?: boolean
  /** Series drawn as thin dashed lines: limits, p99. */
  readonly dashed?: readonly string[]
  /** Highest value of the axis, where there is one: 1 for shares. */
  readonly max?: number
}

/** A table's own choices. */
export interface TableSpec extends Omit<PanelSpec, 'unit'> {
  /** Unit of each column of numbers. */
  readonly units: Readonly<Record<string, string>>
  /** Columns shown as bars from 0 to 1. */
  readonly bars?: readonly string[]
  /** Limits of single columns. */
  readonly columnLimits?: Readonly<Record<string, Limits>>
}

type AnyPanel = Builder<Panel> & { height(h: number): unknown }

/** One figure. The query gives one row; its columns are `value`, or several that are named. */
export function stat(spec: PanelSpec): AnyPanel {
  return withBasics(new StatBuilder(), spec)
    .withTarget(new ClickHouseQuery(spec.sql, 'table'))
    .unit(spec.unit)
    .reduceOptions(new ReduceDataOptionsBuilder().values(false).calcs(['lastNotNull']).fields(''))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .textMode(BigValueTextMode.Auto)
    .colorScheme(byThresholds())
}

/** Lines over time: a column `time`, and values by column, or one text column and one value. */
export function chart(spec: ChartSpec): AnyPanel {
  const { partsOfWhole = false, dashed = [], limits, max } = spec
  const builder = withBasics(new TimeseriesBuilder(), spec)
    .withTarget(new ClickHouseQuery(spec.sql, 'timeseries'))
    .unit(spec.unit)
    .min(0)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(partsOfWhole ? 30 : 0)
    .showPoints(VisibilityMode.Auto)
    .stacking(new StackingConfigBuilder().mode(partsOfWhole ? StackingMode.Normal : StackingMode.None))
    .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(limits === undefined ? GraphThresholdsStyleMode.Off : GraphThresholdsStyleMode.Dashed))
    .legend(new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom).showLegend(true).calcs([]))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .interval('1m')
  if (max !== undefined) builder.max(max)
  for (const name of dashed) builder.overrideByName(name, [{ id: 'custom.lineStyle', value: { fill: 'dash', dash: [6, 4] } }])
  for (const [name, color] of Object.entries(SERIES_COLORS)) builder.overrideByName(name, [fixedColor(color)])
  return builder
}

/** Counts by time and size: `time`, then one column for each bucket, named by its upper end. */
export function heatmap(spec: PanelSpec): AnyPanel {
  return withBasics(new HeatmapBuilder(), spec).withTarget(new ClickHouseQuery(spec.sql, 'timeseries')).unit(spec.unit).interval('1m').calculate(false)
}

/** States over time: `time`, a text column, and a value that the limits turn into a colour. */
export function timeline(spec: PanelSpec): AnyPanel {
  return withBasics(new TimelineBuilder(), spec)
    .withTarget(new ClickHouseQuery(spec.sql, 'timeseries'))
    .unit(spec.unit)
    .interval('1m')
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .colorScheme(byThresholds())
}

/** Rows. Texts link to where they are explained. */
export function table(spec: TableSpec): AnyPanel {
  const { units, bars = [], columnLimits = {} } = spec
  const builder = withBasics(new TableBuilder(), spec).withTarget(new ClickHouseQuery(spec.sql, 'table'))
  for (const [column, unit] of Object.entries(units)) {
    const properties: DynamicConfigValue[] = [{ id: 'unit', value: unit }]
    const limits = columnLimits[column]
    if (limits !== undefined) properties.push({ id: 'thresholds', value: thresholds(limits).build() }, { id: 'color', value: byThresholds().build() })
    if (bars.includes(column)) properties.push({ id: 'min', value: 0 }, { id: 'max', value: 1 }, { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic' } })
    else if (limits !== undefined) properties.push({ id: 'custom.cellOptions', value: { type: 'color-text' } })
    builder.overrideByName(column, properties)
  }
  return builder
}

/** Log lines: `timestamp`, `body`, `level`, and labels. */
export function logs(spec: Omit<PanelSpec, 'unit'>): AnyPanel {
  return withBasics(new LogsBuilder(), spec).withTarget(new ClickHouseQuery(spec.sql, 'logs')).showTime(true).wrapLogMessage(true).enableLogDetails(true)
}

/** The same thing has the same colour everywhere. */
const SERIES_COLORS: Readonly<Record<string, string>> = {
  errors: palette.bad, error: palette.bad, bad: palette.bad, p99: palette.bad, rejected: palette.bad, shed: palette.bad,
  stale: palette.warning, refused: palette.warning, p90: palette.warning, redis: palette.warning, miss: palette.muted,
  good: palette.good, stored: palette.good, local: palette.good, p50: palette.good, other: palette.muted, previous: palette.muted,
}

function fixedColor(color: string): DynamicConfigValue {
  return { id: 'color', value: { mode: 'fixed', fixedColor: color } }
}

interface CommonBuilder {
  title(title: string): this
  description(description: string): this
  datasource(datasource: { type?: string; uid?: string }): this
  span(width: number): this
  thresholds(config: ReturnType<typeof thresholds>): this
  dataLinks(links: DashboardLinkBuilder[]): this
}

function withBasics<B extends CommonBuilder>(builder: B, spec: Omit<PanelSpec, 'unit'>): B {
  builder.title(spec.title).description(spec.description).datasource(dataSource).span(spec.width).thresholds(thresholds(spec.limits))
  if (spec.links !== undefined) builder.dataLinks(spec.links.map(({ title, url }) => new DashboardLinkBuilder(title).url(url)))
  return builder
}
