import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { root } from '../harness/ballast.ts'
import { brokenLinks, codeWords, dashboardUids, documents, errorCodes, metricNames, npmScripts, schemaNames, settingNames } from './documents.ts'
import { filesIn, readText, readYaml } from './files.ts'

const metrics = await metricNames()
const settings = await settingNames()
const schema = schemaNames()

/** Variables of others that the documents name: OpenTelemetry's, the Collector's of our configuration, the tests'. */
const OTHERS_SETTINGS = /^(OTEL_|CLICKHOUSE_SKIP_USER_SETUP$|BALLAST_ENDPOINT$|BALLAST_API_KEY$|REDIS_ENDPOINT$|REDIS_PASSWORD$|BALLAST_TEST_|GF_)/
/** Labels that look like metrics. */
const LABELS = /^cache_(tier|result|name|namespace)$/
/** A file that a reader is to write. */
const EXAMPLE_FILES = ['infra/slo/payments.yaml']
/** Metrics of Prometheus and Alertmanager themselves, and of ClickHouse, which clickhouse-config.test.ts checks. */
const OTHERS_METRICS = /^(up|alertmanager_\w+|prometheus_\w+|ClickHouse(Async)?(Metrics|ProfileEvents)_\w+)$/

describe.each(documents)('%s', (path) => {
  const words = codeWords(path)

  test('links to what is there', () => {
    expect(brokenLinks(path)).toEqual([])
  })

  test('names settings that there are', () => {
    const named = words.filter((word) => /^(INGEST|SLO|SHOP|CLICKHOUSE|BALLAST|REDIS)_[A-Z_]+$/.test(word) && !word.endsWith('_'))
    expect([...new Set(named)].filter((name) => !settings.has(name) && !OTHERS_SETTINGS.test(name) && !errorCodes.has(name))).toEqual([])
  })

  test('names metrics that there are', () => {
    const named = words.filter((word) => /^(ballast_(ingest|slo)|cache|clickhouse_embedded|otel_sdk)_\w+$/.test(word) && !schema.tables.has(word) && !LABELS.test(word))
    expect([...new Set(named)].filter((name) => !metrics.has(name))).toEqual([])
  })

  test('names tables that there are', () => {
    const named = words.flatMap((word) => /^(?:otel\.)?((?:otel_(?:traces|logs|metrics)|ballast_(?:rejects|migrations))\w*)$/.exec(word)?.[1] ?? []).map((name) => name.replace(/_local$/, ''))
    expect([...new Set(named)].filter((name) => !schema.tables.has(name) && !name.endsWith('_'))).toEqual([])
  })

  test('names dashboards that there are', () => {
    const named = [...readText(path).matchAll(/`(ballast-(?:platform|service|slo|cache|ingest|clickhouse|node)-[\w-]+)`/g)].map(([, uid]) => uid!)
    expect(named.filter((uid) => !dashboardUids().includes(uid))).toEqual([])
  })

  test('names npm scripts and files of commands that there are', () => {
    const text = readText(path)
    const scripts = [...text.matchAll(/`npm (?:run )?(start|test|[\w:]+)(?: -w \S+)?[^`]*`|^npm run ([\w:]+)(?![\w:]| -w)/gm)].flatMap(([command, inline, block]) => (/ -w /.test(command) || /^`npm (install|ci|link|pack|i)\b/.test(command) ? [] : [(inline ?? block)!]))
    expect(scripts.filter((script) => !npmScripts().includes(script))).toEqual([])
    const files = [...text.matchAll(/`((?:apps|libs|infra|scripts|test|dashboards)\/[\w./-]+\.\w+)`|\bnode (?:--\S+ )*((?:scripts|apps|test)\/[\w./-]+)/g)].map(([, quoted, command]) => (quoted ?? command)!)
    const folder = path.split('/').slice(0, 2).join('/')
    const isThere = (file: string): boolean => existsSync(join(root, file)) || existsSync(join(root, folder, file))
    expect(files.filter((file) => !file.startsWith('infra/secrets/') && !EXAMPLE_FILES.includes(file) && !isThere(file))).toEqual([])
  })
})

test('every metric that an alert or a recording asks for is made by the code, or is another program’s', () => {
  const recorded = new Set<string>()
  const asked: string[] = []
  for (const path of ['infra/prometheus/recording.rules.yml', 'infra/alerts/platform.rules.yml']) {
    for (const rule of (readYaml(path)[0] as { groups: { rules: { record?: string; expr: string }[] }[] }).groups.flatMap((group) => group.rules)) {
      if (rule.record !== undefined) recorded.add(rule.record)
      // Names that a bracket, a brace, an operator or nothing follows, out of selectors and label lists.
      const expression = rule.expr.replaceAll(/\{[^}]*\}/g, '').replaceAll(/\b(by|on|without|unless|and|or)\b *\([^)]*\)/g, ' ')
      asked.push(...(expression.match(/[A-Za-z_:][\w:]*/g) ?? []).filter((word) => /_|:|^up$/.test(word) && !/^(histogram_quantile|predict_linear|[\d_]+)$/.test(word)))
    }
  }
  expect(asked.length).toBeGreaterThan(40)
  expect([...new Set(asked)].filter((name) => !metrics.has(name) && !recorded.has(name) && !OTHERS_METRICS.test(name))).toEqual([])
})

test('every metric of ingest, slo and cache is in a README', () => {
  const text = ['apps/ingest', 'apps/slo', 'libs/cache'].map((folder) => readText(`${folder}/README.md`)).join('\n')
  const ours = [...metrics].filter((name) => /^ballast_(ingest|slo)_/.test(name) && !/_(bucket|sum|count)$/.test(name))
  expect(ours.length).toBeGreaterThan(15)
  expect(ours.filter((name) => !text.includes(name))).toEqual([])
})

test('every column that a runbook or recipe asks for is checked by the engine', () => {
  // The plan of each query is made in clickhouse-config.test.ts; here: there is SQL to check, and it names our columns.
  const blocks = filesIn('infra', '.md').flatMap((path) => [...readText(path).matchAll(/```sql\n([\s\S]*?)```/g)].map(([, sql]) => sql!))
  expect(blocks.length).toBeGreaterThan(10)
  expect([...schema.columns].filter((column) => blocks.some((sql) => sql.includes(column))).length).toBeGreaterThan(8)
})

test('every variable of the containers is a setting of the app that gets it', () => {
  const { services } = readYaml('docker-compose.yml')[0] as { services: Record<string, { image: string; environment?: Record<string, string> }> }
  const ours = Object.values(services).filter(({ image }) => image.startsWith('ballast-')).flatMap(({ environment = {} }) => Object.keys(environment))
  expect(ours.length).toBeGreaterThan(10)
  expect(ours.filter((name) => !settings.has(name))).toEqual([])
  const inKubernetes = ['ingest', 'slo', 'migrate'].flatMap((name) => [...readText(`infra/kubernetes/${name}.yaml`).matchAll(/\{ name: ([A-Z_]+), value/g)].map(([, variable]) => variable!))
  expect(inKubernetes.filter((name) => !settings.has(name))).toEqual([])
})

test('every dashboard that an alert or the home page names is there', () => {
  const named = [...readText('infra/alerts/platform.rules.yml').matchAll(/dashboard: (\S+)/g)].map(([, uid]) => uid!)
  const home = /grafana-dashboards\/(\S+)\.json/.exec(readText('docker-compose.yml'))![1]!
  expect([...new Set([...named, home])].filter((uid) => !dashboardUids().includes(uid))).toEqual([])
})

test('dashboards and runbooks lead to each other', () => {
  const pages = filesIn('infra/runbooks', '.md')
  for (const uid of dashboardUids()) {
    const board = JSON.parse(readText(`dashboards/generated/${uid}.json`)) as { panels: { options?: { content?: string } }[] }
    const runbook = /If it is bad: `([^`]+)`/.exec(board.panels[0]!.options!.content!)?.[1]
    expect([uid, pages]).toEqual([uid, expect.arrayContaining([runbook])])
    expect([uid, readText(runbook!).includes(`\`${uid}\``)]).toEqual([uid, true])
  }
})

test('what is not there would be found', () => {
  const dir = mkdtempSync(join(root, 'test/infra/.walk-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, 'page.md'), '[a](nowhere.md) [b](../../../README.md#no-such-heading) `INGEST_PROT` `ballast_ingest_request_total`\n')
  const page = relative(root, join(dir, 'page.md'))
  expect(brokenLinks(page)).toEqual(['nowhere.md', '../../../README.md#no-such-heading'])
  expect(codeWords(page).filter((word) => !settings.has(word) && !metrics.has(word))).toEqual(['INGEST_PROT', 'ballast_ingest_request_total'])
})
