import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { builtInRules, createRedaction, type RedactionRule, RedactionRuleError, transcodeLogs, type Transcoded, transcodeMetrics, transcodeTraces } from '../src/index.ts'
import { bytesOf, rowsOf } from './block-rows.ts'
import { toJson, toProtobuf } from './otlp-messages.ts'

const pseudonymSecret = 'sixteen letters or more'
const text = (key: string, stringValue: string): object => ({ key, value: { stringValue } })
const ids = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
const span = { ...ids, name: 'n', startTimeUnixNano: '5', endTimeUnixNano: '9' }

function traces(rules: readonly RedactionRule[], part: object, resource: object[] = [], tenantId = 'acme'): Transcoded {
  const body = toProtobuf('TracesRequest', { resourceSpans: [{ resource: { attributes: resource }, scopeSpans: [{ spans: [{ ...span, ...part }] }] }] })
  return transcodeTraces(body, { encoding: 'protobuf', tenantId, receivedAtUnixNano: 1n, redaction: createRedaction({ rules, pseudonymSecret }) })
}

function logs(rules: readonly RedactionRule[], part: object): Transcoded {
  const body = toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', ...part }] }] }] })
  return transcodeLogs(body, { encoding: 'protobuf', tenantId: 'acme', receivedAtUnixNano: 1n, redaction: createRedaction({ rules, pseudonymSecret }) })
}

const attributesOf = (block: Transcoded): unknown => rowsOf(block)[0]!['SpanAttributes']
const bodyOf = (rules: readonly RedactionRule[], body: string): unknown => rowsOf(logs(rules, { body: { stringValue: body } }))[0]!['Body']

/** As documented, so that anybody can compute one. */
function pseudonym(value: string, tenantId = 'acme'): string {
  const key = createHmac('sha256', pseudonymSecret).update(`pseudonyms of ${tenantId}`).digest()
  return createHmac('sha256', key).update(value).digest('hex').slice(0, 32)
}

describe('a rule by key', () => {
  const rules: RedactionRule[] = [
    { name: 'gone', keys: ['http.request.header.*'], action: 'drop' },
    { name: 'hidden', keys: ['password'], action: 'mask' },
    { name: 'user', keys: ['*user.id'], action: 'pseudonymise' },
  ]

  test('drops, masks or pseudonymises values of any kind, in any case of the key, and counts', () => {
    const block = traces(rules, {
      attributes: [
        text('a', 'stays'),
        text('http.request.header.x-key', 'k'),
        { key: 'PassWord', value: { kvlistValue: { values: [text('x', 'y')] } } },
        text('enduser.id', 'joe'),
        { key: 'user.id', value: { intValue: '42' } },
        text('z', 'stays'),
      ],
    })
    expect(attributesOf(block)).toEqual({ PassWord: '[redacted]', a: 'stays', 'enduser.id': pseudonym('joe'), 'user.id': pseudonym('42'), z: 'stays' })
    expect([...block.redactions]).toEqual([['gone', 1], ['hidden', 1], ['user', 2]])
  })

  test('holds in resources, events, links and nested values, and in the name of the service', () => {
    const block = traces(
      [...rules, { name: 'service', keys: ['service.name'], action: 'pseudonymise' }],
      {
        events: [{ name: 'e', attributes: [text('password', 'p')] }],
        links: [{ ...ids, attributes: [text('password', 'p')] }],
        attributes: [{ key: 'deep', value: { arrayValue: { values: [{ kvlistValue: { values: [text('password', 'p'), text('user.id', 'joe'), text('http.request.header.x', 'h'), text('ok', 'o')] } }] } } }],
      },
      [text('password', 'p'), text('service.name', 'shop')],
    )
    expect(rowsOf(block)[0]).toMatchObject({
      ServiceName: pseudonym('shop'),
      ResourceAttributes: { password: '[redacted]', 'service.name': pseudonym('shop') },
      'Events.Attributes': [{ password: '[redacted]' }],
      'Links.Attributes': [{ password: '[redacted]' }],
      SpanAttributes: { deep: `[{"ok":"o","password":"[redacted]","user.id":"${pseudonym('joe')}"}]` },
    })
  })

  test('that keeps saves a key from the rules after it', () => {
    const block = traces([{ name: 'rum', keys: ['session.id'], action: 'keep' }, builtInRules.credentials], { attributes: [text('session.id', 's'), text('sessionId', 't')] })
    expect(attributesOf(block)).toEqual({ 'session.id': 's', sessionId: '[redacted]' })
  })

  test('gives each tenant pseudonyms of its own', () => {
    const [one, other] = ['acme', 'zoo'].map((tenant) => attributesOf(traces(rules, { attributes: [text('user.id', 'joe')] }, [], tenant)))
    expect(one).toEqual({ 'user.id': pseudonym('joe', 'acme') })
    expect(other).toEqual({ 'user.id': pseudonym('joe', 'zoo') })
    expect(one).not.toEqual(other)
  })

  test.each([
    ...['authorization', 'http.request.header.authorization', 'Set-Cookie', 'db.password', 'X-Api-Key', 'apiKey', 'access_token', 'token', 'token.id', 'token-code', 'client_secret', 'PRIVATE_KEY'].map((key) => [key, true] as const),
    ...['gen_ai.usage.input_tokens', 'token_count', 'token.count', 'tokencount', 'http.route', 'key', 'monkey', 'author'].map((key) => [key, false] as const),
  ])('named credentials: %s is a secret: %s', (key, secret) => {
    expect(attributesOf(traces([builtInRules.credentials], { attributes: [text(key, 'v')] }))).toEqual({ [key]: secret ? '[redacted]' : 'v' })
  })
})

describe('a rule by value', () => {
  const email = { ...builtInRules.email, action: 'pseudonymise' } as const

  test('finds what it looks for in every text, and replaces only that', () => {
    const found = 'joe@example.com'
    const shown = pseudonym(found)
    const body = toProtobuf('TracesRequest', {
      resourceSpans: [{
        resource: { attributes: [text('service.name', `of ${found}`)] },
        scopeSpans: [{
          scope: { name: `scope ${found}`, version: `1 ${found}` },
          spans: [{ ...span, name: `GET /${found}`, traceState: `a=${found}`, status: { message: `no ${found}` },
            attributes: [text(`key ${found}`, 'v'), text('b', `to ${found}, cc ${found}!`), { key: 'bytes', value: { bytesValue: Buffer.from(found).toString('base64') } }, { key: 'list', value: { arrayValue: { values: [{ stringValue: found }] } } }],
            events: [{ name: `e ${found}` }] }],
        }],
      }],
    })
    const block = transcodeTraces(body, { encoding: 'protobuf', tenantId: 'acme', receivedAtUnixNano: 1n, redaction: createRedaction({ rules: [email], pseudonymSecret }) })
    expect(rowsOf(block)[0]).toMatchObject({
      ServiceName: `of ${shown}`,
      ScopeName: `scope ${shown}`,
      ScopeVersion: `1 ${shown}`,
      SpanName: `GET /${shown}`,
      TraceState: `a=${shown}`,
      StatusMessage: `no ${shown}`,
      SpanAttributes: { [`key ${shown}`]: 'v', b: `to ${shown}, cc ${shown}!`, bytes: shown, list: `["${shown}"]` },
      'Events.Name': [`e ${shown}`],
    })
    expect(block.redactions.get('email')).toBe(12)
    expect(bytesOf(block).includes(found)).toBe(false)
  })

  test.each([
    ['card 4111 1111 1111 1111 ok', 'card [redacted] ok'],
    ['4111111111111111', '[redacted]'],
    ['5500-0000-0000-0004 42', '[redacted] 42'],
    ['42 378282246310005', '42 [redacted]'],
    ['4111111111111112', '4111111111111112'],
    ['1700000000000000001', '1700000000000000001'],
    ['phone 555 123 4567', 'phone 555 123 4567'],
  ])('by check digit makes of %o %o', (given, shown) => {
    expect(bodyOf([builtInRules.card_number], given)).toBe(shown)
  })

  test('finds card numbers that came as numbers', () => {
    const block = traces([builtInRules.card_number], { attributes: [{ key: 'int', value: { intValue: '4111111111111111' } }, { key: 'double', value: { doubleValue: 4111111111111111 } }, { key: 'time', value: { intValue: '1700000000000000001' } }] })
    expect(attributesOf(block)).toEqual({ double: '[redacted]', int: '[redacted]', time: '1700000000000000001' })
  })

  test.each([
    ['Authorization: Bearer abc.def-123 sent', 'Authorization: Bearer [redacted] sent'],
    ['basic dXNlcjpwYXNz', 'basic [redacted]'],
    ['the bearer of news', 'the bearer of news'],
    ['jwt eyJhbGciOi.eyJzdWIiOi.c2ln!', 'jwt [redacted]!'],
  ])('built in makes of %o %o', (given, shown) => {
    expect(bodyOf([builtInRules.bearer, builtInRules.jwt], given)).toBe(shown)
  })

  test('that drops leaves the attribute or the item out, and other texts empty', () => {
    const drop: RedactionRule = { name: 'drop', valuePattern: 'secret', action: 'drop' }
    const block = traces([drop], {
      name: 'a secret name',
      status: { message: 'a secret status' },
      attributes: [text('a', 'x'), text('b', 'secret'), text('c', 'y'), { key: 'd', value: { arrayValue: { values: [{ stringValue: 'secret' }, { intValue: '1' }] } } }],
    })
    expect(rowsOf(block)[0]).toMatchObject({ SpanName: '', StatusMessage: '', SpanAttributes: { a: 'x', c: 'y', d: '[1]' } })
    expect(bodyOf([drop], 'a secret')).toBe('')
  })

  test('with a pattern that makes other engines try forever takes no longer than the text is long', () => {
    const redaction = createRedaction({ rules: [{ name: 'slow', valuePattern: '(a+)+$', action: 'mask' }] })
    const body = toProtobuf('LogsRequest', { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '5', body: { stringValue: `${'a'.repeat(50_000)}!` } }] }] }] })
    expect(transcodeLogs(body, { encoding: 'protobuf', tenantId: 't', receivedAtUnixNano: 1n, redaction }).rows).toBe(1)
  }, 20_000)
})

test('of a rejected record only ids, times and numbers are kept', () => {
  const block = traces([builtInRules.credentials], { kind: 2, startTimeUnixNano: String(2n ** 63n), attributes: [text('password', 'hush')], status: { message: 'hush' } })
  expect(block.rejected.count).toBe(1)
  const raw = Buffer.from(block.rejects[0]!.raw)
  expect(raw.includes('hush')).toBe(false)
  expect(raw.toString('hex')).toBe(Buffer.from(toProtobuf('TracesRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ ...ids, kind: 2, startTimeUnixNano: String(2n ** 63n), endTimeUnixNano: '9' }] }] }] })).subarray(-raw.length).toString('hex'))
})

test('a rejected data point is kept without its texts, and the name of its metric is redacted', () => {
  const metric = { name: 'mail to joe@example.com', gauge: { dataPoints: [{ timeUnixNano: String(2n ** 63n), asDouble: 2.5, attributes: [text('password', 'hush')] }] } }
  const request = { resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] }
  const redaction = createRedaction({ rules: [builtInRules.email] })
  for (const [encoding, body] of [['protobuf', toProtobuf('MetricsRequest', request)], ['json', toJson(request)]] as const) {
    const [reject] = transcodeMetrics(body, { encoding, tenantId: 't', receivedAtUnixNano: 1n, redaction }).rejects
    expect(reject).toMatchObject({ reason: 'timestamp_out_of_range', encoding: 'protobuf', detail: expect.stringMatching(/^gauge "mail to \[redacted\]": time/) as string })
    const raw = Buffer.from(reject!.raw)
    expect(raw.includes('hush')).toBe(false)
    expect(raw.readDoubleLE(raw.indexOf((4 << 3) | 1) + 1)).toBe(2.5)
  }
})

test('of a span that JSON spoils ids and numbers are kept, and what was wrong is not shown', () => {
  const request = { resourceSpans: [{ scopeSpans: [{ spans: [{ ...span, kind: 2, endTimeUnixNano: 'hush' }, { ...span, traceId: 'hush' }] }] }] }
  const { rejects, rows } = transcodeTraces(toJson(request), { encoding: 'json', tenantId: 't', receivedAtUnixNano: 1n, redaction: createRedaction({ rules: [builtInRules.credentials] }) })
  expect(rows).toBe(0)
  expect(rejects.map(({ reason, encoding }) => [reason, encoding])).toEqual([['invalid_value', 'protobuf'], ['invalid_trace_id', 'protobuf']])
  expect(rejects.map(({ detail }) => detail).join()).not.toContain('hush')
  expect(Buffer.from(rejects[0]!.raw).includes(Buffer.from(ids.traceId, 'hex'))).toBe(true)
  expect(rejects.some(({ raw }) => Buffer.from(raw).includes('hush'))).toBe(false)
})

describe('a rule is refused, and it is said why, when it', () => {
  test.each<[string, unknown, RegExp]>([
    ['has no name', { keys: ['a'], action: 'mask' }, /^rule 1 needs a name/],
    ['is no object', 'mask', /^rule 1 is no object/],
    ['has a mistyped field', { name: 'r', key: ['a'], action: 'mask' }, /"r" has the unknown field "key"/],
    ['has an unknown action', { name: 'r', keys: ['a'], action: 'hash' }, /"r" needs an action: drop, mask/],
    ['goes by nothing', { name: 'r', action: 'mask' }, /"r" must go by keys/],
    ['goes by two things', { name: 'r', keys: ['a'], valuePattern: 'b', action: 'mask' }, /by one of them/],
    ['has a broken pattern', { name: 'r', valuePattern: '(', action: 'mask' }, /no RE2 expression/],
    ['looks back', { name: 'r', valuePattern: '(a)\\1', action: 'mask' }, /no RE2 expression/],
    ['finds nothing everywhere', { name: 'r', valuePattern: 'a*', action: 'mask' }, /let it need a character/],
    ['keeps by value', { name: 'r', valuePattern: 'a', action: 'keep' }, /only rules by key/],
    ['has keys that are no texts', { name: 'r', keys: [1], action: 'mask' }, /has keys that are no list of texts/],
  ])('%s', (_, rule, message) => {
    expect(() => createRedaction({ rules: [rule as RedactionRule], pseudonymSecret })).toThrow(RedactionRuleError)
    expect(() => createRedaction({ rules: [rule as RedactionRule], pseudonymSecret })).toThrow(message)
  })

  test('pseudonymises without a secret, or has the name of another', () => {
    expect(() => createRedaction({ rules: [{ name: 'p', keys: ['a'], action: 'pseudonymise' }], pseudonymSecret: 'short' })).toThrow(/at least 16 characters/)
    expect(() => createRedaction({ rules: [builtInRules.jwt, builtInRules.jwt] })).toThrow(/name of an earlier rule/)
  })
})
