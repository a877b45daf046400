import type { NativeValue } from '@ballast/clickhouse'
import type Long from 'long'
import type { AnyValue, KeyValue, Resource, ScopeGroup } from './decoded.ts'

/** A row, column by column. */
export type Row = Readonly<Record<string, NativeValue>>

/** When the requests of this test came. */
export const RECEIVED_AT = 1_800_000_000_000_000_001n

const END = 2n ** 32n * 1_000_000_000n
const MAX_DEPTH = 32
const NOT_UTF8 = '\ufffd'

/** What a request must give: the rows of each table, the rejected records with the reasons that each may have, the warnings. */
export class Expected {
  readonly tables = new Map<string, Row[]>()
  readonly rejects: ReadonlySet<string>[] = []
  readonly warnings: Record<string, number> = {}
  #reasons = new Set<string>()
  #noted: string[] = []

  /** Adds a record: its row, unless something in it cannot be stored. */
  record(table: string, make: () => Row): void {
    this.#reasons = new Set()
    this.#noted = []
    const row = make()
    if (this.#reasons.size > 0) {
      this.rejects.push(this.#reasons)
      return
    }
    for (const kind of this.#noted) this.warnings[kind] = (this.warnings[kind] ?? 0) + 1
    const rows = this.tables.get(table)
    if (rows === undefined) this.tables.set(table, [row])
    else rows.push(row)
  }

  /** What resource and scope have, outside any record. */
  group<T>(make: () => T): T {
    this.#noted = []
    const made = make()
    for (const kind of this.#noted) this.warn(kind)
    return made
  }

  /** Counts an oddity that belongs to no record. */
  warn(kind: string): void {
    this.warnings[kind] = (this.warnings[kind] ?? 0) + 1
  }

  note(kind: string, when = true): void {
    if (when) this.#noted.push(kind)
  }

  reject(reason: string, when: boolean | undefined): void {
    if (when) this.#reasons.add(reason)
  }

  text(text: string | null): string {
    this.reject('invalid_utf8', text?.includes(NOT_UTF8))
    return text ?? ''
  }

  time(time: Long | null): bigint {
    const nanos = unsigned(time)
    this.reject('timestamp_out_of_range', nanos >= END)
    return nanos
  }

  id(id: Uint8Array | null, bytes: number, reason: string): string {
    this.reject(reason, !isId(id, bytes))
    return hex(id)
  }

  attributes(attributes: readonly KeyValue[]): NativeValue {
    return this.#first(attributes).map(([key, value]) => [key, this.value(value)])
  }

  /** A value as it is stored: texts as they are, what nests as JSON. */
  value(value: AnyValue | null): string {
    if (value === null) return ''
    if (value.value === 'stringValue') return this.text(value.stringValue)
    if (value.value === 'doubleValue') return Object.is(value.doubleValue, -0) ? '0' : String(value.doubleValue)
    if (value.value === 'bytesValue') return base64(value.bytesValue)
    return value.value === undefined ? '' : this.#json(value, 0)
  }

  #json(value: AnyValue | null, depth: number): string {
    this.reject('nested_too_deep', depth > MAX_DEPTH)
    if (value?.value === undefined) return 'null'
    switch (value.value) {
      case 'stringValue':
        return JSON.stringify(this.text(value.stringValue))
      case 'boolValue':
        return String(value.boolValue)
      case 'intValue':
        return String(BigInt.asIntN(64, unsigned(value.intValue)))
      case 'doubleValue':
        return Number.isFinite(value.doubleValue) ? JSON.stringify(value.doubleValue) : JSON.stringify(String(value.doubleValue))
      case 'bytesValue':
        return JSON.stringify(base64(value.bytesValue))
      case 'arrayValue':
        return `[${value.arrayValue.values.map((item) => this.#json(item, depth + 1)).join()}]`
      case 'kvlistValue':
        return `{${this.#first(value.kvlistValue.values).map(([key, item]) => `${JSON.stringify(key)}:${this.#json(item, depth + 1)}`).join()}}`
    }
  }

  /** The first of each key, in the order of their bytes. */
  #first(entries: readonly KeyValue[]): [string, AnyValue | null][] {
    const first = new Map<string, AnyValue | null>()
    for (const { key: sent, value } of entries) {
      const key = sent ?? ''
      if (first.has(key)) this.note('duplicate_attribute_key')
      else first.set(this.text(key), value)
    }
    return [...first].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }
}

export function serviceName(resource: Resource | null): string {
  const value = resource?.attributes.find(({ key }) => key === 'service.name')?.value
  return value?.value === 'stringValue' && value.stringValue !== '' ? value.stringValue : 'unknown_service'
}

/** The scope, with the zero values of one that was not sent. */
export function scopeOf({ scope }: ScopeGroup): { name: string; version: string; attributes: readonly KeyValue[]; droppedAttributesCount: number } {
  return { name: scope?.name ?? '', version: scope?.version ?? '', attributes: scope?.attributes ?? [], droppedAttributesCount: scope?.droppedAttributesCount ?? 0 }
}

export function isId(id: Uint8Array | null, bytes: number): boolean {
  return id?.length === bytes && !isZero(id)
}

export function isZero(id: Uint8Array | null): boolean {
  return id?.every((byte) => byte === 0) ?? true
}

export function hex(bytes: Uint8Array | null): string {
  return Buffer.from(bytes ?? []).toString('hex')
}

export function unsigned(value: Long | null): bigint {
  if (value === null) return 0n
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
