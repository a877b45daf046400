import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import { AnnotationQueryBuilder, DashboardBuilder, DashboardCursorSync, type Dashboard, DashboardLinkBuilder, DashboardLinkType, type Panel, type RowPanel, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text'
import { ClickHouseQuery, dataSource } from './click-house-query.ts'
import type { BoardUid } from './links.ts'
import { BUCKET, rollUpRows } from './sql.ts'
import { variableBuilders, type VariableName } from './variables.ts'

/** What a dashboard is looked at for; decides its range and how often it is read again. */
const CLASSES = {
  operations: { from: 'now-1h', refresh: '1m' },
  objectives: { from: 'now-7d', refresh: '5m' },
  capacity: { from: 'now-7d', refresh: '5m' },
} as const

type SizedPanel = Builder<Panel> & { height(h: number): unknown }

/** One dashboard: one question, answered from the top down. */
export interface BoardSpec {
  readonly uid: BoardUid
  readonly title: string
  /** The question, as its reader would ask it. */
  readonly question: string
  /** Where the figures come from. */
  readonly dataPath: string
  /** What to read next, by path in the repository. */
  readonly owner: string
  /** What to do when it is bad: a page of infra/runbooks, which names this dashboard. */
  readonly runbook: 'alerting' | 'cache' | 'clickhouse' | 'ingest' | 'slo' | 'README'
  readonly class: keyof typeof CLASSES
  readonly variables: readonly VariableName[]
  /** The answer in figures: one line on top. */
  readonly verdict: readonly SizedPanel[]
  /** Lines of charts and tables, what users feel first, then what may cause it. Widths of a line add up to 24. */
  readonly lines: readonly (readonly SizedPanel[])[]
  /** Looked at on demand: closed rows at the bottom. */
  readonly details: Readonly<Record<string, readonly SizedPanel[]>>
}

const HEIGHTS = { question: 3, verdict: 4, line: 8 } as const

/** Builds the dashboard and numbers its panels, so that links to a panel stay the same as long as the order does. */
export function buildBoard(spec: BoardSpec): Dashboard {
  const { from, refresh } = CLASSES[spec.class]
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.question)
    .tags(['ballast', spec.class])
    .timezone('utc')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh(refresh)
    .variables(variableBuilders(spec.variables))
    .link(new DashboardLinkBuilder('Ballast').type(DashboardLinkType.Dashboards).tags(['ballast']).asDropdown(true).keepTime(true).includeVars(true))
    .annotation(deploys())
    .withPanel(
      new TextBuilder()
        .title('')
        .transparent(true)
        .mode(TextMode.Markdown)
        .content(`**${spec.question}**\n\n${spec.dataPath} More: \`${spec.owner}\`. If it is bad: \`infra/runbooks/${spec.runbook}.md\`.`)
        .span(24)
        .height(HEIGHTS.question),
    )
  for (const panel of spec.verdict) builder.withPanel(sized(panel, HEIGHTS.verdict))
  for (const line of spec.lines) for (const panel of line) builder.withPanel(sized(panel, HEIGHTS.line))
  for (const [title, panels] of Object.entries(spec.details)) {
    const row = new RowBuilder(title).collapsed(true)
    for (const panel of panels) row.withPanel(sized(panel, HEIGHTS.line))
    builder.withRow(row)
  }
  return numbered(builder.build())
}

function sized(panel: SizedPanel, height: number): Builder<Panel> {
  panel.height(height)
  return panel
}

/** A line in every chart where a service began to send another version. The first version of the range is not a deployment. */
function deploys(): AnnotationQueryBuilder {
  const versions = `(SELECT ServiceName, Version, min(${BUCKET}) AS time FROM ${rollUpRows('red', 'ServiceName, Version, Time', `Version != ''`)} GROUP BY ServiceName, Version)`
  const sql = `SELECT time, concat(ServiceName, ' ', Version) AS text, 'deploy' AS tags FROM (SELECT *, min(time) OVER (PARTITION BY ServiceName) AS first FROM ${versions}) WHERE time > first ORDER BY time LIMIT 100`
  return new AnnotationQueryBuilder().name('Deployments').datasource(dataSource).enable(true).iconColor('purple').target(new ClickHouseQuery(sql, 'table', 'Anno'))
}

function numbered(dashboard: Dashboard): Dashboard {
  let id = 0
  const number = (panel: Panel | RowPanel): void => {
    panel.id = ++id
    if ('panels' in panel && Array.isArray(panel.panels)) for (const inner of panel.panels) number(inner)
  }
  for (const panel of dashboard.panels ?? []) number(panel)
  return dashboard
}
