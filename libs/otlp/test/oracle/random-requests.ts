import { Random } from './random.ts'

/** Stands for bytes that are no UTF-8 in a text; `spoil` puts them in. */
export const SPOILT = '\x7f\x7f\x7f\x7f'

const TEXTS = ['', 'a', 'GET /products/:id', 'ä', '😀', '\uffee', 'z'.repeat(40), 'é'.repeat(70), 'x'.repeat(130), '"quoted"\n\\', '\u0000', ...Array.from({ length: 20 }, (_, index) => `text ${index}`)]
const KEYS = ['', 'k', 'a', 'z', 'é', '😀', '\uffee', '10', '9', 'service.name', 'http.route', 'long.'.repeat(30), ...Array.from({ length: 12 }, (_, index) => `key.${index}`)]
const DOUBLES = [0, -0, 1, -1, 0.1, 1.5, -2.75e-7, 1e21, 123_456_789, 2 ** 53, -(2 ** 53) - 2, 5e-324, 1.7976931348623157e308, Number.NaN, Infinity, -Infinity]
/** Halves of 64-bit numbers at their borders. */
const HALVES = [0, 1, 9, 10, 0x7f, 0x80, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0020_0000, 0x001f_ffff, 0xffe0_0000, 0xffdf_ffff]
/** Seconds of 2023 in nanoseconds, high half. */
const PRESENT_HIGH = 395_816_000
/** High half of the first time that cannot be stored. */
const END_HIGH = 1_000_000_000

/** A 64-bit number as protobufjs takes it. */
interface Halves { readonly low: number; readonly high: number; readonly unsigned: boolean }

/** Makes messages of all three signals, as the objects that protobufjs encodes. Reaches every field, the borders of its values, and what must be rejected. */
export class RandomRequests {
  readonly random: Random
  /** Whether the record being made may have what gets it rejected. */
  #flawed = false

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  traces(): object {
    return { resourceSpans: this.#groups('scopeSpans', 'spans', () => this.#span()) }
  }

  logs(): object {
    return { resourceLogs: this.#groups('scopeLogs', 'logRecords', () => this.#log()) }
  }

  metrics(): object {
    return { resourceMetrics: this.#groups('scopeMetrics', 'metrics', () => this.#metric()) }
  }

  #groups(scopes: string, records: string, record: () => object): object[] {
    const { random } = this
    return random.list(2, () => ({
      ...this.#maybe(6, 'resource', () => ({ attributes: this.#resourceAttributes(), droppedAttributesCount: random.below(3) })),
      schemaUrl: this.#text(),
      [scopes]: random.list(2, () => ({
        ...this.#maybe(6, 'scope', () => ({ name: this.#text(), version: this.#text(), attributes: this.#attributes(2), droppedAttributesCount: random.below(200) })),
        schemaUrl: this.#text(),
        [records]: random.list(24, () => {
          this.#flawed = random.oneIn(20)
          const made = record()
          this.#flawed = false
          return made
        }),
      })),
    }))
  }

  #resourceAttributes(): object[] {
    const service = this.random.oneIn(3) ? [] : [{ key: 'service.name', value: this.random.oneIn(6) ? this.#value(0) : { stringValue: this.random.pick(['shop', '', 'é']) } }]
    return [...this.#attributes(2), ...service, ...this.#attributes(2)]
  }

  #span(): object {
    const { random } = this
    return {
      traceId: this.#id(16),
      spanId: this.#id(8),
      traceState: this.#text(),
      ...this.#maybe(2, 'parentSpanId', () => (random.oneIn(4) ? Buffer.alloc(8) : this.#flawed && random.oneIn(2) ? random.bytes(5) : random.bytes(8))),
      flags: random.uint32(),
      name: this.#text(),
      kind: random.below(8) - 1,
      startTimeUnixNano: this.#time(),
      endTimeUnixNano: this.#time(),
      attributes: this.#attributes(5),
      droppedAttributesCount: random.below(3),
      events: random.list(2, () => ({ timeUnixNano: this.#time(), name: this.#text(), attributes: this.#attributes(2), droppedAttributesCount: 1 })),
      links: random.list(2, () => ({ traceId: this.#anyId(16), spanId: this.#anyId(8), traceState: this.#text(), attributes: this.#attributes(2), flags: 1 })),
      ...this.#maybe(3, 'status', () => ({ message: this.#text(), code: random.below(5) - 1 })),
    }
  }

  #log(): object {
    const { random } = this
    return {
      timeUnixNano: this.#time(),
      observedTimeUnixNano: this.#time(),
      severityNumber: random.below(28) - 1,
      severityText: this.#text(),
      ...this.#maybe(5, 'body', () => this.#value(0)),
      attributes: this.#attributes(5),
      droppedAttributesCount: random.below(3),
      flags: random.uint32(),
      traceId: this.#anyId(16),
      spanId: this.#anyId(8),
      eventName: this.#text(),
    }
  }

  #metric(): object {
    const { random } = this
    const kind = random.below(11)
    const temporality = { aggregationTemporality: random.below(5) - 1 }
    // The records of metrics are their points.
    const points = (point: () => object): object[] => random.list(3, () => {
      this.#flawed = random.oneIn(20)
      return point()
    })
    const data =
      kind <= 2 ? { gauge: { dataPoints: points(() => this.#numberPoint()) } }
      : kind <= 5 ? { sum: { dataPoints: points(() => this.#numberPoint()), ...temporality, isMonotonic: random.oneIn(2) } }
      : kind <= 7 ? { histogram: { dataPoints: points(() => this.#histogramPoint()), ...temporality } }
      : kind === 8 ? { exponentialHistogram: { dataPoints: points(() => this.#exponentialPoint()), ...temporality } }
      : kind === 9 ? { summary: { dataPoints: points(() => this.#summaryPoint()) } }
      : {}
    const name = this.#flawed && random.oneIn(8) ? SPOILT : random.pick(TEXTS)
    return { name, description: random.pick(TEXTS), unit: random.pick(TEXTS), ...data, metadata: random.list(1, () => ({ key: 'm', value: { stringValue: 'x' } })) }
  }

  #point(): object {
    return { attributes: this.#attributes(4), startTimeUnixNano: this.#time(), timeUnixNano: this.#time(), flags: this.random.below(3) }
  }

  #numberPoint(): object {
    return { ...this.#point(), ...this.#number(), exemplars: this.#exemplars() }
  }

  #histogramPoint(): object {
    const { random } = this
    return {
      ...this.#point(),
      ...this.#distribution(),
      bucketCounts: random.list(6, () => this.#uint64()),
      explicitBounds: random.list(6, () => random.pick(DOUBLES)),
      exemplars: this.#exemplars(),
    }
  }

  #exponentialPoint(): object {
    const { random } = this
    const buckets = (): object => ({ offset: this.#int32(), bucketCounts: random.list(6, () => this.#uint64()) })
    return {
      ...this.#point(),
      ...this.#distribution(),
      scale: this.#int32(),
      zeroCount: this.#uint64(),
      zeroThreshold: random.pick(DOUBLES),
      ...this.#maybe(4, 'positive', buckets),
      ...this.#maybe(4, 'negative', buckets),
      exemplars: this.#exemplars(),
    }
  }

  #summaryPoint(): object {
    const { random } = this
    return { ...this.#point(), count: this.#uint64(), sum: random.pick(DOUBLES), quantileValues: random.list(4, () => ({ quantile: random.pick(DOUBLES), value: random.pick(DOUBLES) })) }
  }

  #distribution(): object {
    const number = (): number => this.random.pick(DOUBLES)
    return { count: this.#uint64(), ...this.#maybe(3, 'sum', number), ...this.#maybe(3, 'min', number), ...this.#maybe(3, 'max', number) }
  }

  #exemplars(): object[] {
    return this.random.list(2, () => ({ filteredAttributes: this.#attributes(2), timeUnixNano: this.#time(), ...this.#number(), spanId: this.#anyId(8), traceId: this.#anyId(16) }))
  }

  #number(): object {
    if (this.random.oneIn(8)) return {}
    return this.random.oneIn(2) ? { asInt: this.#uint64() } : { asDouble: this.random.pick(DOUBLES) }
  }

  #attributes(most: number): object[] {
    return this.random.list(most, () => ({ key: this.#flawed && this.random.oneIn(30) ? SPOILT : this.random.pick(KEYS), ...this.#maybe(12, 'value', () => this.#value(0)) }))
  }

  #value(depth: number): object {
    const { random } = this
    if (this.#flawed && depth === 0 && random.oneIn(20)) return this.#deep(random.pick([31, 32, 33, 40]))
    // Mostly what is usual, but each kind often enough.
    switch (random.below(depth < 3 ? 12 : 10)) {
      case 0:
        return {}
      case 1:
        return { boolValue: random.oneIn(2) }
      case 2:
      case 3:
        return { intValue: this.#uint64() }
      case 4:
        return { doubleValue: random.pick(DOUBLES) }
      case 5:
        return { bytesValue: random.bytes(random.below(9)) }
      case 10:
        return { arrayValue: { values: random.list(3, () => this.#value(depth + 1)) } }
      case 11:
        return { kvlistValue: { values: random.list(3, () => ({ key: random.pick(KEYS), ...this.#maybe(9, 'value', () => this.#value(depth + 1)) })) } }
      default:
        return { stringValue: this.#text() }
    }
  }

  #deep(levels: number): object {
    let value: object = { intValue: 1 }
    for (let level = 0; level < levels; level++) value = { arrayValue: { values: [value] } }
    return value
  }

  #text(): string {
    return this.#flawed && this.random.oneIn(12) ? `a${SPOILT}b` : this.random.pick(TEXTS)
  }

  /** An id, unless the record may be rejected. */
  #id(bytes: number): Buffer {
    return this.#flawed && this.random.oneIn(4) ? this.#anyId(bytes) : this.random.bytes(bytes)
  }

  #anyId(bytes: number): Buffer {
    const id = this.random.bytes(this.random.pick([bytes, bytes, bytes, bytes, 0, 3]))
    return this.random.oneIn(8) ? id.fill(0) : id
  }

  #time(): Halves {
    if (this.random.oneIn(10)) return { low: 0, high: 0, unsigned: true }
    if (this.#flawed && this.random.oneIn(8)) return { low: this.random.pick([0, 1, 0xffff_ffff]), high: this.random.pick([END_HIGH - 1, END_HIGH, 0x8000_0000, 0xffff_ffff]), unsigned: true }
    return { low: this.random.uint32(), high: PRESENT_HIGH + this.random.below(2), unsigned: true }
  }

  #uint64(): Halves {
    return { low: this.random.pick(HALVES), high: this.random.oneIn(2) ? 0 : this.random.pick(HALVES), unsigned: true }
  }

  #int32(): number {
    return this.random.pick([0, 1, -1, 20, -10, 2 ** 31 - 1, -(2 ** 31)])
  }

  /** A field that is left out once in `times`. */
  #maybe(times: number, field: string, make: () => unknown): object {
    return this.random.oneIn(times) ? {} : { [field]: make() }
  }
}

/** Makes the marked texts bytes that are no UTF-8. */
export function spoil(bytes: Buffer): Buffer {
  for (let at = bytes.indexOf(SPOILT); at !== -1; at = bytes.indexOf(SPOILT, at)) bytes.fill(0xff, at, at + SPOILT.length)
  return bytes
}
