import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { materializedViews, tableNames, tables } from '@ballast/clickhouse'
import { describe, expect, test } from 'vitest'
import { generatedDirectory, generatedFiles } from '../src/generated-files.ts'
import { tiers } from '../src/kit/slo-sql.ts'
import { variables } from '../src/kit/variables.ts'
import { boardsOnDisk, files, type PanelJson, queryPanels } from './board-json.ts'

/** Most panels that are open when a dashboard is opened. */
const MAX_OPEN_PANELS = 16
/** Kinds of panels whose figures have a unit on the panel itself; tables have one for each column of numbers. */
const WITH_UNIT = new Set(['stat', 'timeseries', 'heatmap', 'state-timeline'])
const RAW_TABLES = [tableNames.traces, tableNames.logs, tableNames.rejects, tableNames.metricsGauge, tableNames.metricsSum, tableNames.metricsHistogram, tableNames.serviceCalls]

const sqlOf = (panel: PanelJson): string => (panel.targets ?? []).map(({ rawSql }) => rawSql).join('\n')
const allPanels = boardsOnDisk.flatMap((board) => queryPanels(board).map((panel) => ({ board, panel, name: `${board.uid}: ${panel.title}` })))
const breaking = (rule: (panel: PanelJson) => boolean, kind?: (panel: PanelJson) => boolean): string[] =>
  allPanels.filter(({ panel }) => (kind === undefined || kind(panel)) && !rule(panel)).map(({ name }) => name)

describe('generated files', () => {
  test('are what the sources say: run npm run dashboards', () => {
    const made = generatedFiles()
    expect(files.map((name) => join(generatedDirectory, name))).toEqual(made.filter(({ path }) => path.endsWith('.json')).map(({ path }) => path).toSorted())
    for (const { path, text } of made) expect([path, readFileSync(path, 'utf8')]).toEqual([path, text])
  })

  test('are ten, each named after its uid, which never changes', () => {
    expect(files).toEqual([
      'ballast-cache-effectiveness.json', 'ballast-cache-redis.json', 'ballast-clickhouse-cost.json', 'ballast-clickhouse-health.json', 'ballast-ingest-pipeline.json',
      'ballast-node-runtime.json', 'ballast-platform-home.json', 'ballast-service-red.json', 'ballast-slo-detail.json', 'ballast-slo-overview.json',
    ])
    expect(boardsOnDisk.map(({ uid }) => `${uid}.json`)).toEqual(files)
  })
})

describe.each(boardsOnDisk.map((board) => [board.uid, board] as const))('%s', (_, board) => {
  const open = board.panels.filter((panel) => panel.type !== 'row')

  test('asks one question on top, and says where the answer comes from in at most three lines', () => {
    const [question] = board.panels
    expect(question).toMatchObject({ type: 'text', gridPos: { x: 0, y: 0, w: 24 } })
    const lines = question!.options!.content!.split('\n').filter(Boolean)
    expect(lines.length).toBeLessThanOrEqual(3)
    expect(lines[0]).toBe(`**${board.description}**`)
    expect(board.description).toMatch(/^\S.*\?$/)
  })

  test('answers in figures first, then in charts, then in detail, closed', () => {
    const kinds = board.panels.slice(1).map((panel) => (panel.type === 'row' ? 2 : panel.type === 'stat' ? 0 : 1))
    expect(kinds).toEqual(kinds.toSorted((a, b) => a - b))
    expect(board.panels.filter(({ type }) => type === 'row').every(({ collapsed }) => collapsed === true)).toBe(true)
    expect(open.filter(({ type }) => type === 'stat').every(({ gridPos }) => gridPos.h === 4)).toBe(true)
    expect(open.filter(({ type }) => !['stat', 'text'].includes(type)).every(({ gridPos }) => gridPos.h === 8)).toBe(true)
  })

  test('fills its lines, and has at most sixteen panels open', () => {
    expect(open.length).toBeLessThanOrEqual(MAX_OPEN_PANELS)
    const widths = new Map<number, number>()
    for (const { gridPos } of open) widths.set(gridPos.y, (widths.get(gridPos.y) ?? 0) + gridPos.w)
    expect([...widths.values()].every((width) => width === 24)).toBe(true)
  })

  test('is in UTC, with a shared cross-hair, the range and refresh of its class, and cannot be edited', () => {
    const expected = board.tags.includes('operations') ? { from: 'now-1h', refresh: '1m' } : { from: 'now-7d', refresh: '5m' }
    expect(board).toMatchObject({ timezone: 'utc', graphTooltip: 1, editable: false, refresh: expected.refresh, time: { from: expected.from, to: 'now' } })
    expect(board.tags[0]).toBe('ballast')
  })

  test('lets its reader choose the data source first, then what there is, in one order, read again when the time changes', () => {
    const [source, ...rest] = board.templating.list
    expect(source).toMatchObject({ name: 'datasource', label: 'Data source', type: 'datasource', query: 'grafana-clickhouse-datasource' })
    const order = Object.keys(variables)
    expect(rest.map(({ name }) => name)).toEqual(rest.map(({ name }) => name).toSorted((a, b) => order.indexOf(a) - order.indexOf(b)))
    expect(rest.every(({ refresh }) => refresh === 2)).toBe(true)
    const used = JSON.stringify(board.panels)
    expect(rest.filter(({ name }) => !used.includes(`\${${name}:`))).toEqual([])
  })

  test('numbers its panels and queries without a gap, so that links to a panel hold', () => {
    const ids = board.panels.flatMap((panel) => [panel.id, ...(panel.panels ?? []).map(({ id }) => id)])
    expect(ids).toEqual(ids.map((_id, index) => index + 1))
    expect(queryPanels(board).every(({ targets }) => targets!.every(({ refId }, index) => refId === 'ABCDEFGH'[index]))).toBe(true)
  })

  test('marks deployments, and links to the others with the time and what was chosen', () => {
    expect(board.annotations.list.map(({ name }) => name)).toContain('Deployments')
    expect(board.links.some(({ keepTime, includeVars }) => keepTime && includeVars)).toBe(true)
  })
})

describe('every panel', () => {
  test('has a title of its own, a description, and the data source that the reader chose', () => {
    expect(breaking(({ title, description }) => (title ?? '') !== '' && (description ?? '').length > 25 && description!.endsWith('.'))).toEqual([])
    expect(breaking(({ datasource, targets }) => datasource?.uid === '${datasource}' && targets!.every((target) => target.datasource.uid === '${datasource}'))).toEqual([])
    for (const board of boardsOnDisk) {
      const titles = queryPanels(board).map(({ title, type }) => `${type} ${title}`)
      expect([board.uid, ...new Set(titles)]).toEqual([board.uid, ...titles])
    }
  })

  test('has a unit', () => {
    expect(breaking(({ fieldConfig }) => (fieldConfig?.defaults.unit ?? '') !== '', ({ type }) => WITH_UNIT.has(type))).toEqual([])
    expect(breaking(({ fieldConfig }) => fieldConfig!.overrides.some(({ properties }) => properties.some(({ id }) => id === 'unit')), ({ type }) => type === 'table')).toEqual([])
  })

  test('shows the time of the dashboard: none has a range of its own, and a figure of another time says so', () => {
    expect(breaking(({ timeFrom, timeShift }) => timeFrom === undefined && timeShift === undefined)).toEqual([])
    const untimed = ({ targets }: PanelJson): boolean => !/\$__timeFilter|\$__fromTime/.test(targets!.map(({ rawSql }) => rawSql).join())
    expect(breaking(({ title }) => /, (from )?now$/.test(title!), untimed)).toEqual([])
  })

  test('starts its axis at zero, and stacks only what are parts of a whole', () => {
    expect(breaking(({ fieldConfig }) => fieldConfig?.defaults.min === 0, ({ type }) => type === 'timeseries')).toEqual([])
    const stacked = allPanels.filter(({ panel }) => panel.fieldConfig?.defaults.custom?.stacking?.mode === 'normal').map(({ panel }) => panel.title)
    expect(stacked.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(['Answers by outcome', 'Good and bad events of the service'])
  })

  test('reads rates and quantiles from roll-ups, and raw rows only of the last six hours of a range, and says so', () => {
    const reads = (panel: PanelJson, names: readonly string[]): boolean => names.some((name) => new RegExp(`FROM ${name}\\b`).test(sqlOf(panel)))
    const raw = (panel: PanelJson): boolean => reads(panel, RAW_TABLES)
    expect(breaking((panel) => sqlOf(panel).includes('$__toTime - INTERVAL 6 HOUR') && panel.title!.includes('last 6 h'), raw)).toEqual([])
    expect(allPanels.filter(({ panel }) => raw(panel)).length).toBeGreaterThan(3)
    expect(breaking((panel) => reads(panel, [tableNames.redMinute, tableNames.metricsMinute]) || reads(panel, [tableNames.sloEvents, tableNames.attributeValues]) || sqlOf(panel).includes('system.'), (panel) => !raw(panel))).toEqual([])
  })

  test('names tables that there are, and takes no column that it does not show', () => {
    const known = new Set<string>([...Object.values(tables).map(({ name }) => name), ...materializedViews.map(({ name }) => name)])
    const named = allPanels.flatMap(({ panel }) => [...sqlOf(panel).matchAll(/\b(otel_\w+|ballast_(?:red|metrics|service|attribute|slo_events|rejects)\w*)\b/g)].map(([, table]) => table!))
    expect([...new Set(named)].filter((name) => !known.has(name) && !name.startsWith('ballast_slo_'))).toEqual([])
    expect(breaking((panel) => !/^\s*SELECT \*/.test(sqlOf(panel)))).toEqual([])
  })

  test('orders time, and bounds the rows of tables, logs and timelines', () => {
    expect(breaking((panel) => / ORDER BY time\b/.test(sqlOf(panel)), ({ type }) => ['timeseries', 'heatmap', 'state-timeline'].includes(type))).toEqual([])
    expect(breaking((panel) => / LIMIT \d+$/.test(sqlOf(panel)), ({ type }) => ['table', 'logs', 'state-timeline'].includes(type))).toEqual([])
  })

  test('reads no finer than a roll-up holds', () => {
    expect(breaking(({ interval }) => interval === '1m', ({ type }) => ['timeseries', 'heatmap', 'state-timeline'].includes(type))).toEqual([])
  })
})

test('every link keeps the time and the data source, and leads to a dashboard that knows what it is told', () => {
  const links = allPanels.flatMap(({ panel }) => panel.fieldConfig?.defaults.links ?? [])
  expect(links.length).toBeGreaterThan(10)
  for (const { url } of links) {
    const [, uid, rest] = /^\/d\/([\w-]+)\?\$\{__url_time_range\}&\$\{datasource:queryparam\}((?:&var-\w+=\$\{[\w.]+\})*)$/.exec(url) ?? []
    const target = boardsOnDisk.find((board) => board.uid === uid)
    expect([url, target?.uid]).toEqual([url, uid ?? 'a dashboard'])
    for (const [, name] of rest!.matchAll(/&var-(\w+)=/g)) expect(target!.templating.list.map((variable) => variable.name)).toContain(name)
  }
})

test('burn rates have their lines where the engine of objectives alerts', () => {
  expect(tiers.map(({ factor }) => factor)).toEqual([14.4, 6, 3, 1])
  const detail = boardsOnDisk.find(({ uid }) => uid === 'ballast-slo-detail')!
  const burn = queryPanels(detail).find(({ title }) => title === 'Burn rate by window')!
  for (const { factor } of tiers) expect(sqlOf(burn)).toContain(`${factor} AS \`${factor}x\``)
})

test('the same series has the same colour everywhere', () => {
  const colours = new Map<string, Set<string>>()
  for (const { panel } of allPanels) {
    for (const { matcher, properties } of panel.fieldConfig?.overrides ?? []) {
      const colour = properties.find(({ id, value }) => id === 'color' && (value as { mode?: string }).mode === 'fixed')
      if (colour !== undefined) colours.set(matcher.options, (colours.get(matcher.options) ?? new Set()).add(JSON.stringify(colour.value)))
    }
  }
  expect(colours.size).toBeGreaterThan(5)
  expect([...colours].filter(([, each]) => each.size > 1)).toEqual([])
})

test('every dashboard is described where its owner is named', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  for (const board of boardsOnDisk) {
    const owner = /More: `([^`]+)`/.exec(board.panels[0]!.options!.content!)?.[1]
    expect(readFileSync(join(root, owner!), 'utf8').length).toBeGreaterThan(100)
  }
})
