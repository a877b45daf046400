import { expect, test } from 'vitest'
import { CardinalityGuard, type CardinalityOptions, type LimitedKey, transcodeLogs, type Transcoded, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { FingerprintSet } from '../src/cardinality/fingerprint-set.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { toProtobuf } from './otlp-messages.ts'

const SECOND = 1_000_000_000n
const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), startTimeUnixNano: '5', endTimeUnixNano: '9' }

function request(names: readonly string[], host = 'h'): Uint8Array {
  const resource = { attributes: [{ key: 'host.id', value: { stringValue: host } }, { key: 'service.name', value: { stringValue: `service ${host}` } }] }
  return toProtobuf('TracesRequest', { resourceSpans: [{ resource, scopeSpans: [{ spans: names.map((name) => ({ ...ids, name, events: [{ name: `event ${name}` }] })) }] }] })
}

function sender(options: CardinalityOptions): (body: Uint8Array, tenantId?: string, seconds?: bigint) => Transcoded {
  const cardinality = new CardinalityGuard(options)
  return (body, tenantId = 'acme', seconds = 1n) => transcodeTraces(body, { encoding: 'protobuf', tenantId, receivedAtUnixNano: seconds * SECOND, cardinality })
}

const column = (block: Transcoded, name: string): unknown[] => rowsOf(block).map((row) => row[name])

test('the first values of a key stay, further ones are replaced, in the same request and in later ones, and counted', () => {
  const send = sender({ maxValues: 2 })
  const first = send(request(['a', 'b', 'c', 'a', 'd']))
  expect(column(first, 'SpanName')).toEqual(['a', 'b', '[cardinality limit]', 'a', '[cardinality limit]'])
  expect(column(first, 'Events.Name')).toEqual([['event a'], ['event b'], ['[cardinality limit]'], ['event a'], ['[cardinality limit]']])
  expect(first.warnings.get('cardinality_limit')).toBe(4)
  expect(bytesOf(first).includes('event c')).toBe(false)
  expect(column(send(request(['e', 'b'])), 'SpanName')).toEqual(['[cardinality limit]', 'b'])
})

test('values of resources have limits key by key, and the name of the service follows', () => {
  const send = sender({ maxValues: 1 })
  send(request(['a'], 'one'))
  expect(rowsOf(send(request(['a'], 'two')))[0]).toMatchObject({
    ServiceName: '[cardinality limit]',
    SpanName: 'a',
    ResourceAttributes: { 'host.id': '[cardinality limit]', 'service.name': '[cardinality limit]' },
  })
})

test('each tenant has limits of its own, and a new window begins anew', () => {
  const send = sender({ maxValues: 1, windowMs: 60_000 })
  send(request(['a']))
  expect(column(send(request(['b'])), 'SpanName')).toEqual(['[cardinality limit]'])
  expect(column(send(request(['b']), 'zoo'), 'SpanName')).toEqual(['b'])
  expect(column(send(request(['b']), 'acme', 61n), 'SpanName')).toEqual(['b'])
})

test('in mode report nothing is replaced, and each key is reported once in a window', () => {
  const reported: LimitedKey[] = []
  const send = sender({ maxValues: 1, mode: 'report', onLimit: (key) => reported.push(key) })
  const block = send(request(['a', 'b', 'c']))
  expect(column(block, 'SpanName')).toEqual(['a', 'b', 'c'])
  expect(block.warnings.get('cardinality_limit')).toBe(4)
  expect(reported).toEqual([{ tenantId: 'acme', table: 'otel_traces', key: 'SpanName' }, { tenantId: 'acme', table: 'otel_traces', key: 'Events.Name' }])
})

test('the same request sent again in a window gives the same bytes, whatever came between', () => {
  const send = sender({ maxValues: 3 })
  const mine = request(['a', 'b', 'c', 'd'])
  const first = send(mine)
  send(request(['x', 'y', 'z'], 'other'))
  expect(bytesOf(send(mine)).equals(bytesOf(first))).toBe(true)
})

test('the same requests in the same order give the same bytes in another guard', () => {
  const requests = [request(['a', 'b', 'c']), request(['d', 'a'], 'i'), request(['c'])]
  const [one, other] = [sender({ maxValues: 2 }), sender({ maxValues: 2 })].map((send) => requests.map((body) => bytesOf(send(body))))
  expect(one).toEqual(other)
})

test('memory is bounded over all keys: without room no new value is let in, and known ones stay', () => {
  const send = sender({ maxValues: 100, maxRemembered: 8 })
  const first = send(request(['a', 'b', 'c', 'd', 'e', 'f', 'g']))
  const names = column(first, 'SpanName')
  expect(names).toContain('a')
  expect(names).toContain('[cardinality limit]')
  expect(column(send(request(['a', 'g'])), 'SpanName')).toEqual(['a', '[cardinality limit]'])
})

test('severity texts of logs are bounded', () => {
  const logRecords = ['x', 'y'].map((severityText) => ({ timeUnixNano: '5', severityText }))
  const body = toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords }] }] })
  const block = transcodeLogs(body, { encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n, cardinality: new CardinalityGuard({ maxValues: 1 }) })
  expect(column(block, 'SeverityText')).toEqual(['x', '[cardinality limit]'])
})

test('names of metrics, resources and attributes of data points are bounded, those of exemplars are not', () => {
  const point = (host: string): object => ({ timeUnixNano: '5', asInt: '1', attributes: [{ key: 'host', value: { stringValue: host } }], exemplars: [{ timeUnixNano: '5', filteredAttributes: [{ key: 'user', value: { stringValue: host } }] }] })
  const resourceOf = (id: string): object => ({ attributes: [{ key: 'host.id', value: { stringValue: id } }] })
  const groups = ['r1', 'r2'].map((id) => ({ resource: resourceOf(id), scopeMetrics: [{ metrics: ['m1', 'm2'].map((name) => ({ name, gauge: { dataPoints: ['one', 'two', 'one'].map(point) } })) }] }))
  const transcoded = transcodeMetrics(toProtobuf('MetricsRequest', { resourceMetrics: groups }), { encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n, cardinality: new CardinalityGuard({ maxValues: 1 }) })
  const limited = '[cardinality limit]'
  expect(column(transcoded, 'MetricName')).toEqual(['m1', 'm1', 'm1', limited, limited, limited, 'm1', 'm1', 'm1', limited, limited, limited])
  expect(column(transcoded, 'Attributes').slice(0, 3)).toEqual([{ host: 'one' }, { host: limited }, { host: 'one' }])
  expect(column(transcoded, 'ResourceAttributes').slice(5, 7)).toEqual([{ 'host.id': 'r1' }, { 'host.id': limited }])
  expect(column(transcoded, 'Exemplars.FilteredAttributes').slice(0, 2)).toEqual([[{ user: 'one' }], [{ user: 'two' }]])
})

test('a hundred thousand different texts have different fingerprints', () => {
  const set = new FingerprintSet()
  for (let value = 0; value < 100_000; value++) {
    const bytes = Buffer.from(`value-${value}`)
    if (!set.has(bytes, 0, bytes.length)) set.add()
  }
  expect(set.size).toBe(100_000)
  const known = Buffer.from('value-99999')
  expect(set.has(known, 0, known.length)).toBe(true)
})
