import { Random } from './random.ts'

/** Lengths at which texts are copied, and their lengths written, in another way. */
const LENGTHS = [0, 1, 3, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 47, 48, 100, 126, 127, 128, 129, 200, 300]
const LETTERS = 'abcdefghij klmnop-qrstuvwxyz./:ABC0123456789'
const KEYS = ['http.request.method', 'url.path', 'http.route', 'k', 'server.port', 'user.id', 'password', 'é', 'service.name', 'session.id', 'network.protocol.version', 'a-key-of-sixteen', 'another.key.of.more.than.thirty-two.bytes']
const SECRETS = ['jane@example.com', 'pay with 4111 1111 1111 1111', '4111111111111111', 'no 1234567890123456 card', 'x'.repeat(14) + '4111-1111-1111-1111', 'a.b@c', '@']
const INTEGERS = [0, 1, 9, 10, 200, 443, -1, -10, 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1, 4_111_111_111_111_111]
const LARGE = [{ low: 0xffff_ffff, high: 0x7fff_ffff }, { low: 0, high: 0x8000_0000 }, { low: 0, high: 0x0020_0000 }, { low: 7, high: 0x8000_0001 }]
const PRESENT_HIGH = 395_816_000

/** Makes requests most of which are plain: what nearly all are, and here and there something that hardly any has. */
export class PlainRequests {
  readonly #random: Random
  readonly #keys: readonly string[]
  /** How rare what is rare is in this request. */
  readonly #rarity: number

  constructor(seed: number) {
    this.#random = new Random(seed)
    this.#keys = this.#random.list(10, () => this.#random.pick(KEYS)).filter((key, at, all) => all.indexOf(key) === at)
    this.#rarity = this.#random.oneIn(4) ? 40 : 100_000
  }

  traces(): object {
    return { resourceSpans: this.#groups('scopeSpans', 'spans', () => this.#span()) }
  }

  logs(): object {
    return { resourceLogs: this.#groups('scopeLogs', 'logRecords', () => this.#log()) }
  }

  #groups(scopes: string, records: string, record: () => object): object[] {
    const random = this.#random
    return Array.from({ length: 1 + random.below(2) }, () => ({
      resource: { attributes: [...this.#attributes(), { key: 'service.name', value: { stringValue: random.pick(['shop', 'cart', '']) } }] },
      schemaUrl: random.pick(['', 'https://opentelemetry.io/schemas/1.38.0']),
      [scopes]: Array.from({ length: 1 + random.below(3) }, () => ({
        scope: { name: this.#text(), version: random.pick(['', '1.0', '2.1']), attributes: this.#attributes() },
        schemaUrl: random.pick(['', 'https://s']),
        [records]: random.list(12, record),
      })),
    }))
  }

  #span(): object {
    const random = this.#random
    return {
      traceId: this.#rare() ? random.bytes(15) : random.bytes(16),
      spanId: this.#rare() ? Buffer.alloc(8) : random.bytes(8),
      ...(random.oneIn(2) && { parentSpanId: random.oneIn(5) ? Buffer.alloc(8) : random.bytes(8) }),
      ...(random.oneIn(6) && { traceState: this.#rare() ? 'ot=th:8' : this.#text() }),
      name: random.oneIn(3) ? this.#text() : random.pick(['GET /a', 'GET /b', 'a name of just thirty-two bytes.']),
      kind: this.#rare() ? 9 : random.below(6),
      startTimeUnixNano: this.#time(),
      endTimeUnixNano: this.#time(),
      attributes: this.#attributes(),
      ...(random.oneIn(3) && { droppedAttributesCount: random.pick([0, 1, 300]), droppedEventsCount: 0, droppedLinksCount: 0, flags: random.uint32() }),
      ...(random.oneIn(2) && { status: { ...(random.oneIn(2) && { code: random.below(3) }), ...(random.oneIn(3) && { message: this.#text() }) } }),
      ...(random.oneIn(4) && { events: random.list(3, () => ({ timeUnixNano: this.#time(), name: random.pick(['exception', 'message', '']), attributes: this.#attributes() })) }),
      ...(this.#rare() && { links: [{ traceId: random.bytes(16), spanId: random.bytes(8) }] }),
    }
  }

  #log(): object {
    const random = this.#random
    return {
      timeUnixNano: random.oneIn(6) ? { low: 0, high: 0, unsigned: true } : this.#time(),
      observedTimeUnixNano: this.#time(),
      severityNumber: this.#rare() ? 30 : random.below(25),
      ...(random.oneIn(2) && { severityText: random.pick(['INFO', 'TRACE', 'info', 'ERROR', '']) }),
      ...(random.oneIn(8) ? undefined : { body: this.#value() }),
      attributes: this.#attributes(),
      ...(random.oneIn(3) && { droppedAttributesCount: random.pick([0, 300]) }),
      flags: random.uint32(),
      ...(random.oneIn(4) ? undefined : { traceId: this.#rare() ? random.bytes(4) : random.oneIn(6) ? Buffer.alloc(16) : random.bytes(16), spanId: random.oneIn(6) ? Buffer.alloc(8) : random.bytes(8) }),
      ...(random.oneIn(4) && { eventName: this.#text() }),
    }
  }

  /** Some of this request's keys, mostly in one order. */
  #attributes(): object[] {
    const random = this.#random
    const keys = this.#keys.filter(() => !random.oneIn(5))
    if (random.oneIn(8)) keys.reverse()
    if (this.#rare() && keys.length > 0) keys.push(keys[0]!)
    return keys.map((key) => ({ key, value: this.#value() }))
  }

  #value(): object {
    const random = this.#random
    switch (random.below(14)) {
      case 0:
        return { boolValue: random.oneIn(2) }
      case 1:
      case 2:
        return { intValue: random.pick(INTEGERS) }
      case 3:
        return { intValue: { ...random.pick(LARGE), unsigned: false } }
      case 4:
        return { doubleValue: random.pick([0, 1.5, -2e-7, 1e21, Number.NaN, 4_111_111_111_111_111]) }
      case 5:
        return random.oneIn(3) ? { bytesValue: random.bytes(random.below(40)) } : {}
      case 6:
        return { arrayValue: { values: random.list(3, () => ({ stringValue: this.#text() })) } }
      case 7:
        return { kvlistValue: { values: random.list(2, () => ({ key: random.pick(KEYS), value: { intValue: 7 } })) } }
      default:
        return { stringValue: this.#text() }
    }
  }

  #text(): string {
    const random = this.#random
    if (random.oneIn(15)) return random.pick(SECRETS)
    const start = random.below(LETTERS.length)
    const text = Array.from({ length: random.pick(LENGTHS) }, (_, at) => LETTERS[(start + at * 7) % LETTERS.length]!).join('')
    return random.oneIn(10) ? `${text}é${random.pick(['', '😀', 'tail'])}` : text
  }

  #time(): object {
    if (this.#rare()) return { low: 0, high: 0, unsigned: true }
    return { low: this.#random.uint32(), high: PRESENT_HIGH + this.#random.below(2), unsigned: true }
  }

  #rare(): boolean {
    return this.#random.oneIn(this.#rarity)
  }
}
