import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { decimalText } from '../src/burn/fraction.ts'
import { type ObjectiveSet, readObjectiveSet } from '../src/openslo/objective-set.ts'
import { shippedCatalog } from './objectives.ts'

const VALID = `apiVersion: openslo/v1
kind: Service
metadata: {name: checkout}
spec: {description: Takes orders}
---
apiVersion: openslo/v1
kind: SLO
metadata:
  name: orders
  annotations: {shop.example/runbook-url: "https://runbooks.example/orders"}
spec:
  service: checkout
  indicator:
    metadata: {name: order-taken}
    spec:
      ratioMetric:
        good: {metricSource: {spec: {template: spans, statusNot: Error, maxDuration: 300ms}}}
        total: {metricSource: {spec: {template: spans, service: checkout, operation: POST /orders}}}
  timeWindow:
    - duration: 30d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - displayName: Taken
      target: 0.9950
`

const read = (text: string, file = 'shop.yaml'): ObjectiveSet => readObjectiveSet([{ file, text }], shippedCatalog)
const messages = (text: string): string[] => read(text).problems.map(({ message }) => message)
const changed = (from: string, to: string): string => {
  expect(VALID).toContain(from)
  return VALID.replace(from, to)
}

describe('a file of objectives', () => {
  test('that is right gives its objectives and no problems', () => {
    const { objectives, problems } = read(VALID)
    expect(problems).toEqual([])
    expect(objectives).toHaveLength(1)
    expect(objectives[0]).toMatchObject({
      name: 'orders',
      slo: 'orders',
      service: 'checkout',
      displayName: 'Taken',
      period: { text: '30d', ms: 2_592_000_000 },
      runbookUrl: 'https://runbooks.example/orders',
      indicator: {
        total: { service: 'checkout', operation: 'POST /orders', kind: 'Server', conditions: {} },
        counts: 'good',
        conditions: { statusNot: 'Error', maxDurationNs: 300_000_000 },
      },
    })
    expect(decimalText(objectives[0]!.target)).toBe('0.995')
  })

  test('of the repository is right, all of them together', () => {
    const files = ['notifications.yaml', 'shop.yaml'].map((file) => ({ file, text: readFileSync(new URL(`../../../infra/slo/${file}`, import.meta.url), 'utf8') }))
    const { objectives, problems } = readObjectiveSet(files, shippedCatalog)
    expect(problems).toEqual([])
    expect(objectives.map(({ name, target }) => `${name} ${decimalText(target)}`)).toEqual([
      'notifications-in-time 0.99',
      'storefront-availability 0.995',
      'storefront-latency 0.99',
      'catalog-availability 0.999',
      'checkout-availability 0.995',
    ])
  })

  test('may have several objectives for one SLO, each with a name of its own, measured once', () => {
    const { objectives, problems } = read(changed('      target: 0.9950\n', '      target: 0.9950\n    - displayName: Aspirational\n      targetPercent: 99.95\n'))
    expect(problems).toEqual([])
    expect(objectives.map(({ name, target }) => [name, decimalText(target)])).toEqual([['orders.1', '0.995'], ['orders.2', '0.9995']])
    expect(objectives[0]!.indicator).toBe(objectives[1]!.indicator)
  })

  test('may refer to an SLI of another file, and count bad events', () => {
    const slo = VALID.replace(/ {2}indicator:[\s\S]*?(?= {2}timeWindow)/, '  indicatorRef: order-failed\n')
    const sli = `apiVersion: openslo/v1
kind: SLI
metadata: {name: order-failed}
spec: {ratioMetric: {counter: false, bad: {metricSource: {spec: {template: spans, status: Error}}}, total: {metricSource: {metricSourceRef: prod, type: clickhouse, spec: {template: spans, service: checkout, kind: Consumer}}}}}
---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: prod}
spec: {type: clickhouse, connectionDetails: {urlEnv: CLICKHOUSE_URL}}
`
    const { objectives, problems } = readObjectiveSet([{ file: 'slo.yaml', text: slo }, { file: 'sli.yaml', text: sli }], shippedCatalog)
    expect(problems).toEqual([])
    expect(objectives[0]!.indicator).toEqual({ template: 'spans', total: { service: 'checkout', kind: 'Consumer', conditions: {} }, counts: 'bad', conditions: { status: 'Error' } })
  })

  test('reads YAML 1.2, in which yes is not a flag', () => {
    expect(messages(changed('isRolling: true', 'isRolling: yes'))).toEqual([
      'shop.yaml:21: SLO orders: spec.timeWindow[0].isRolling is "yes"; allowed: true, false.',
    ])
  })
})

describe('what is wrong is named by file, line, field, value and what is allowed:', () => {
  test.each([
    ['a target of 1', changed('target: 0.9950', 'target: 1'), 'shop.yaml:25: SLO orders: spec.objectives[0].target is "1", which leaves no error budget; allowed: a decimal from 0 to below 1, such as 0.995.'],
    ['a target in percent of 100', changed('target: 0.9950', 'targetPercent: 100.0'), 'shop.yaml:25: SLO orders: spec.objectives[0].targetPercent is "100.0", which leaves no error budget; allowed: a decimal from 0 to below 100, such as 99.5.'],
    ['a target with an exponent', changed('target: 0.9950', 'target: 1e-1'), 'shop.yaml:25: SLO orders: spec.objectives[0].target is "1e-1", which is not a plain decimal; allowed: a decimal from 0 to below 1, such as 0.995.'],
    ['a mistyped field', changed('budgetingMethod', 'budgettingMethod'), 'shop.yaml:22: SLO orders: spec.budgettingMethod is not a known field (did you mean budgetingMethod?); allowed: description, service, indicator, indicatorRef, timeWindow, budgetingMethod, objectives, alertPolicies.'],
    ['a span status that is unknown', changed('statusNot: Error', 'statusNot: error'), 'shop.yaml:17: SLO orders: spec.indicator.spec.ratioMetric.good.metricSource.spec.statusNot is "error"; allowed: Unset, Ok, Error.'],
    ['a duration without a unit', changed('maxDuration: 300ms', 'maxDuration: 300'), 'shop.yaml:17: SLO orders: spec.indicator.spec.ratioMetric.good.metricSource.spec.maxDuration is "300", which is not text; allowed: a whole number and ms, s, m or h, such as 300ms.'],
    ['a good part of other spans', changed('{template: spans, statusNot', '{template: spans, service: catalog, statusNot'), 'shop.yaml:17: SLO orders: spec.indicator.spec.ratioMetric.good.metricSource.spec.service is "catalog", which differs from the total: good or bad events are a part of all events; allowed: checkout.'],
    ['a template that is unknown', changed('total: {metricSource: {spec: {template: spans', 'total: {metricSource: {spec: {template: promql'), 'shop.yaml:18: SLO orders: spec.indicator.spec.ratioMetric.total.metricSource.spec.template is "promql"; allowed: spans, work, completeness, freshness, cache, histogram, sql.'],
    ['a name in capitals', changed('name: orders', 'name: Orders'), 'shop.yaml:9: SLO Orders: metadata.name is "Orders"; allowed: lower-case letters, digits and "-", up to 63, not "-" at an end.'],
    ['a runbook that is a script', changed('https://runbooks', 'javascript://runbooks'), 'shop.yaml:10: SLO orders: metadata.annotations.shop.example/runbook-url is "javascript://runbooks.example/orders"; allowed: a URL that starts with https:// or http://.'],
    ['a version that is unknown', VALID.replace('apiVersion: openslo/v1', 'apiVersion: openslo/v2alpha'), 'shop.yaml:1: Service checkout: apiVersion is "openslo/v2alpha"; allowed: openslo/v1.'],
    ['an SLI that is nowhere', VALID.replace(/ {2}indicator:[\s\S]*?(?= {2}timeWindow)/, '  indicatorRef: nowhere\n'), 'shop.yaml:13: SLO orders: spec.indicatorRef is "nowhere", which names no SLI; allowed: the name of a SLI, of which there are none.'],
    ['a window that is not there', changed('  timeWindow:\n    - duration: 30d\n      isRolling: true\n', ''), 'shop.yaml:12: SLO orders: spec.timeWindow is missing; allowed: a list of exactly 1.'],
  ])('%s', (_, text, message) => {
    const reported = messages(text)
    expect(reported).toContain(message)
    // A document that is wrong is not in effect; a Service that is wrong takes no SLO with it.
    expect(read(text).objectives.map(({ name }) => name)).toEqual(message.includes('Service checkout') ? ['orders'] : [])
  })

  test('text that is not YAML', () => {
    const { problems, objectives } = read('apiVersion: openslo/v1\nkind: [SLO\n')
    expect(objectives).toEqual([])
    expect(problems[0]).toMatchObject({ level: 'error', file: 'shop.yaml', message: expect.stringMatching(/^shop\.yaml:\d+: is not YAML: /) })
  })

  test('facts are fields as well, for programs', () => {
    expect(read(changed('target: 0.9950', 'target: 2')).problems[0]).toMatchObject({
      level: 'error',
      file: 'shop.yaml',
      line: 25,
      document: 'SLO orders',
      field: 'spec.objectives[0].target',
      value: '2',
      allowed: 'a decimal from 0 to below 1, such as 0.995',
    })
  })
})

const RATIO = /ratioMetric:[\s\S]*?(?= {2}timeWindow)/
const QUERY = 'SELECT bucket, v AS value FROM t WHERE at >= {from:DateTime64(3)} AND at < {to:DateTime64(3)}'
const windowed = (window: string): string => changed('    - duration: 30d\n      isRolling: true\n', `    - ${window}\n`)
const sliced = (method: string, objective: string): string => changed('budgetingMethod: Occurrences', `budgetingMethod: ${method}`).replace('      target: 0.9950', `      target: 0.9950\n${objective}`)
const total = (spec: string, part: string): string => VALID.replace(RATIO, `ratioMetric:\n        good: {metricSource: {spec: ${part}}}\n        total: {metricSource: {spec: ${spec}}}\n`)

describe('what OpenSLO has', () => {
  test('periods of the calendar, in their zone, counted from a time that stays text', () => {
    const { objectives, problems } = read(windowed('{duration: 1Q, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Paris}}'))
    expect(problems.filter(({ level }) => level === 'error')).toEqual([])
    expect(objectives[0]!.period).toEqual({ text: '1Q', ms: 90 * 86_400_000, calendar: { unit: 'months', count: 3, zone: 'Europe/Paris', anchor: '2026-01-01T00:00:00' } })
  })

  test('m is minutes and M is months', () => {
    expect(read(windowed('{duration: 1M, isRolling: true}')).objectives[0]!.period).toEqual({ text: '1M', ms: 30 * 86_400_000 })
    expect(read(windowed('{duration: 600m, isRolling: true}')).objectives[0]!.period).toEqual({ text: '600m', ms: 36_000_000 })
  })

  test('slices of time', () => {
    expect(read(sliced('Timeslices', '      timeSliceTarget: 0.95\n      timeSliceWindow: 5m')).objectives[0]!.budgeting).toMatchObject({ method: 'Timeslices', sliceMs: 300_000 })
    expect(read(sliced('RatioTimeslices', '      timeSliceWindow: 1m')).objectives[0]!.budgeting).toEqual({ method: 'RatioTimeslices', sliceMs: 60_000 })
  })

  test('a threshold metric: each objective compares in its own way', () => {
    const text = VALID.replace(RATIO, `thresholdMetric: {metricSource: {spec: {template: sql, query: "${QUERY}"}}}\n`).replace('      target: 0.9950', '      op: lte\n      value: 2.5\n      target: 0.9950')
    expect(read(text).problems).toEqual([])
    expect(read(text).objectives[0]!.indicator).toEqual({ template: 'sql', query: QUERY, parameters: {}, form: { kind: 'threshold', threshold: { op: 'lte', value: 2.5 } } })
  })

  test('a ratio that a query gives by itself', () => {
    const text = VALID.replace(RATIO, `ratioMetric: {raw: {metricSource: {spec: {template: sql, query: "${QUERY}"}}}, rawType: failure}\n`)
    expect(read(text).objectives[0]!.indicator).toMatchObject({ template: 'sql', form: { kind: 'ratio', type: 'failure' } })
  })
})

describe('templates, so that common indicators need no SQL:', () => {
  test.each([
    ['success of units of work', '{template: work, service: mailer, operation: mail.send}', '{template: work, outcomeNot: error}', { template: 'work', total: { service: 'mailer', operation: 'mail.send', conditions: {} }, counts: 'good', conditions: { statusNot: 'error' } }],
    ['latency of a route of one tenant', '{template: spans, service: shop, tenant: acme, attributes: {http.route: /pay}}', '{template: spans, maxDuration: 300ms}', { template: 'spans', total: { service: 'shop', kind: 'Server', tenant: 'acme', conditions: { attributes: { 'http.route': '/pay' } } }, counts: 'good', conditions: { maxDurationNs: 300_000_000 } }],
    ['completeness', '{template: completeness, service: orders, operation: send, kind: Producer}', '{template: completeness, service: mailer, operation: receive, kind: Consumer}', { template: 'completeness', rows: 'spans', expected: { service: 'orders', operation: 'send', kind: 'Producer', conditions: {} }, arrived: { service: 'mailer', operation: 'receive', kind: 'Consumer', conditions: {} } }],
    ['freshness', '{template: freshness, of: work, service: importer, operation: import}', '{template: freshness, maxAge: 10m}', { template: 'freshness', rows: 'work', scope: { service: 'importer', operation: 'import', conditions: {} }, maxAgeMs: 600_000 }],
    ['hits of a cache', '{template: cache, namespace: shop, cache: product}', '{template: cache, answer: hit}', { template: 'cache', good: 'hit', namespace: 'shop', cache: 'product' }],
    ['latency from a histogram', '{template: histogram, service: shop, metric: http.server.request.duration, attributes: {http.route: /pay}}', '{template: histogram, maxValue: 0.25}', { template: 'histogram', service: 'shop', metric: 'http.server.request.duration', attributes: { 'http.route': '/pay' }, max: 0.25, estimate: false }],
    ['plain SQL', `{template: sql, query: "${QUERY}", parameters: {region: eu}}`, '{template: sql}', { template: 'sql', query: QUERY, parameters: { region: 'eu' } }],
  ])('%s', (_, whole, part, indicator) => {
    expect(read(total(whole, part)).problems).toEqual([])
    expect(read(total(whole, part)).objectives[0]!.indicator).toEqual(indicator)
  })

  test.each([
    ['SQL that changes something', '{template: sql, query: DROP TABLE t}', '{template: sql}', /query is "DROP TABLE t", which is not a SELECT/],
    ['SQL that reads all there is', '{template: sql, query: SELECT 1}', '{template: sql}', /does not use \{from:DateTime64\(3\)\}/],
    ['two templates', '{template: spans, service: a}', '{template: work, outcome: ok}', /template is "work", which differs from the total/],
    ['an outcome that is unknown', '{template: work, service: a}', '{template: work, outcome: fine}', /outcome is "fine"; allowed: ok, degraded, rejected, aborted, error/],
    ['a histogram without a limit', '{template: histogram, service: a, metric: m}', '{template: histogram}', /maxValue is missing/],
    ['a kind of unit of work', '{template: work, service: a, kind: Server}', '{template: work, outcome: ok}', /kind is not a known field/],
  ])('%s is refused', (_, whole, part, message) => {
    expect(messages(total(whole, part))).toContainEqual(expect.stringMatching(message))
  })
})

describe('annotations', () => {
  const annotated = (annotations: string): ObjectiveSet => read(changed('{shop.example/runbook-url: "https://runbooks.example/orders"}', `{${annotations}}`))

  test('say what no traffic means and what an alert needs, with a prefix or without', () => {
    expect(annotated('no-traffic: hold, ballast.example/min-bad-events: "5", significance: "0.01", young: wait').objectives[0]).toMatchObject({
      noTraffic: 'hold',
      gates: { minBadEvents: 5, significance: 0.01, young: 'wait' },
    })
  })

  test.each([
    ['no-traffic: perfect', /no-traffic is "perfect"; allowed: ignore, good, bad, hold/],
    ['min-bad-events: "-1"', /min-bad-events is "-1"; allowed: a whole number/],
    ['significance: "0.0"', /significance is "0.0", which lets no alert fire/],
    ['young: maybe', /young is "maybe"; allowed: alert, wait, dilute/],
  ])('%s is refused', (annotation, message) => {
    expect(annotated(annotation).problems.map((problem) => problem.message)).toContainEqual(expect.stringMatching(message))
  })
})

describe('what is wrong with windows and slices is said:', () => {
  test.each([
    ['a zone that is not there', windowed('{duration: 1M, isRolling: false, calendar: {startTime: 2026-01-01 00:00:00, timeZone: Europe/Pari}}'), /timeZone is "Europe\/Pari", which is not known/],
    ['a day that is not there', windowed('{duration: 1M, isRolling: false, calendar: {startTime: 2026-02-30 00:00:00, timeZone: UTC}}'), /startTime is "2026-02-30 00:00:00", which is not a time of the calendar/],
    ['both kinds of window', windowed('{duration: 1M, isRolling: true, calendar: {startTime: 2026-01-01 00:00:00, timeZone: UTC}}'), /calendar cannot stand beside isRolling: true/],
    ['neither', windowed('{duration: 1M, isRolling: false}'), /needs a calendar, because it is not rolling/],
    ['slices without a length', sliced('Timeslices', '      timeSliceTarget: 0.95'), /timeSliceWindow is missing/],
    ['slices of half a bucket', sliced('Timeslices', '      timeSliceTarget: 0.95\n      timeSliceWindow: 7m'), /timeSliceWindow is "7m", which does not divide an hour/],
    ['a slice target above 1', sliced('Timeslices', '      timeSliceTarget: 1.01\n      timeSliceWindow: 1m'), /timeSliceTarget is "1.01"; allowed: a decimal above 0/],
    ['slices of events', sliced('Occurrences', '      timeSliceWindow: 1m'), /timeSliceWindow is "1m", which has a meaning for slices of time only/],
  ])('%s', (_, text, message) => {
    expect(messages(text)).toContainEqual(expect.stringMatching(message))
    expect(read(text).objectives).toEqual([])
  })
})

describe('what is valid OpenSLO but not supported is refused, not ignored:', () => {
  test.each([
    ['a weight of what has no indicator of its own', changed('      target: 0.9950', '      target: 0.9950\n      compositeWeight: 2'), /objectives\[0\]\.compositeWeight is "2", which has a meaning only where each objective has an indicator of its own/],
    ['a connection of its own', 'apiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: d}\nspec: {type: clickhouse, connectionDetails: {database: other}}\n', /connectionDetails\.database is "other", which is valid OpenSLO but not used here/],
  ])('%s', (_, text, message) => {
    expect(messages(text)).toContainEqual(expect.stringMatching(message))
    expect(read(text).objectives).toEqual([])
  })
})

test('what is missing is said once what is written is right, so that one mistake is one problem', () => {
  const broken = `apiVersion: openslo/v1
kind: SLO
metadata: { name: broken }
spec:
  service: storefront
  budgetingMethod: Sometimes
`
  expect(read(broken, 'broken.yaml').problems).toMatchObject([{ file: 'broken.yaml', line: 6, field: 'spec.budgetingMethod', value: 'Sometimes' }])
  expect(messages(broken.replace('Sometimes', 'Occurrences'))).toEqual([
    'shop.yaml:5: SLO broken: spec needs exactly one of indicator and indicatorRef; allowed: indicator, indicatorRef.',
    'shop.yaml:5: SLO broken: spec.timeWindow is missing; allowed: a list of exactly 1.',
    'shop.yaml:5: SLO broken: spec.objectives is missing; allowed: a list of 1 to 20.',
  ])
})

test('a service is looked for where services are declared', () => {
  expect(messages(changed('metadata: {name: checkout}', 'metadata: {name: check-out}'))).toEqual(['shop.yaml:12: SLO orders: spec.service is "checkout", which names no Service.'])
  expect(messages(VALID.slice(VALID.indexOf('---\n') + 4))).toEqual([])
})

describe('several files', () => {
  test('do not harm each other when one is broken', () => {
    const { objectives, problems } = readObjectiveSet([{ file: 'broken.yaml', text: 'kind: [' }, { file: 'good.yaml', text: VALID }], shippedCatalog)
    expect(objectives.map(({ name }) => name)).toEqual(['orders'])
    expect(problems.every(({ file }) => file === 'broken.yaml')).toBe(true)
  })

  test('that take the same name: the second is refused', () => {
    const { objectives, problems } = readObjectiveSet([{ file: 'a.yaml', text: VALID }, { file: 'b.yaml', text: VALID }], shippedCatalog)
    expect(objectives).toHaveLength(1)
    expect(problems.map(({ message }) => message)).toContain('b.yaml: SLO orders: metadata.name is "orders", which is taken by another SLO in a.yaml; give it another name.')
  })
})

test('a broken file is read as it was when it was last good', () => {
  const { objectives, problems } = readObjectiveSet([{ file: 'shop.yaml', text: changed('target: 0.9950', 'target: 7'), lastGoodText: VALID }], shippedCatalog)
  expect(objectives.map(({ target }) => decimalText(target))).toEqual(['0.995'])
  expect(problems).toHaveLength(1)
})

test('a target whose page tiers can never fire is said, and the objective is watched by the others', () => {
  const { objectives, problems } = read(changed('target: 0.9950', 'target: 0.9'))
  expect(objectives[0]!.tiers.map(({ name }) => name)).toEqual(['6h/30m', '24h/2h', '72h/6h'])
  expect(problems).toMatchObject([{ level: 'warning', field: 'spec.objectives[0]', message: expect.stringContaining('the page tier 1h/5m can never fire') }])
})
