import type { Attributes } from '@opentelemetry/api'
import type { EventLimits } from './limits.ts'
import { isSecretName, redacted, withoutSecrets } from './redaction.ts'
import type { FieldValue } from './work.ts'

type SafeValue = string | number | boolean | string[] | number[] | boolean[]

/** The fields of one event, within limits and without secrets from the moment they are set. */
export class Fields {
  readonly #fields = new Map<string, SafeValue>()
  readonly #limits: Required<EventLimits>
  readonly #redactNames: RegExp | undefined
  #bytes = 0
  /** Fields, timers and counters left out: too many, too large, a reserved or too long name, a value of no known type. */
  dropped = 0
  /** Values cut to the limit. */
  truncated = 0
  /** Values replaced because of the field's name or what the text carried. */
  redacted = 0

  constructor(limits: Required<EventLimits>, redactNames: RegExp | undefined) {
    this.#limits = limits
    this.#redactNames = redactNames
  }

  set(name: string, value: FieldValue): void {
    if (value === undefined || value === null) return this.#remove(name)
    if (name === '' || name.length > this.#limits.maxNameLength || name.startsWith('work.')) return this.#drop()
    const previous = this.#fields.get(name)
    if (previous === undefined && this.#fields.size >= this.#limits.maxFields) return this.#drop()
    const safe = this.#safe(name, value)
    if (safe === undefined) return this.#drop()
    const growth = previous === undefined ? Buffer.byteLength(name) + sizeOf(safe) : sizeOf(safe) - sizeOf(previous)
    if (this.#bytes + growth > this.#limits.maxEventBytes) return this.#drop()
    this.#bytes += growth
    this.#fields.set(name, safe)
  }

  add(name: string, amount: number): void {
    const current = this.#fields.get(name)
    this.set(name, (typeof current === 'number' ? current : 0) + amount)
  }

  /** A text of ours, treated like a value of the caller's. */
  safeText(text: string): string {
    const max = this.#limits.maxValueLength
    // Twice the limit, so that a secret that begins before the limit is seen as a whole; not all, so that a huge text costs no more than that.
    const considered = text.length > 2 * max ? text.slice(0, 2 * max) : text
    const clean = withoutSecrets(considered)
    if (clean !== considered) this.redacted++
    if (clean.length <= max && considered === text) return clean
    this.truncated++
    return clean.slice(0, max).toWellFormed()
  }

  writeTo(attributes: Attributes): void {
    for (const [name, value] of this.#fields) attributes[name] = value
    if (this.dropped > 0) attributes['work.dropped_fields'] = this.dropped
    if (this.truncated > 0) attributes['work.truncated_values'] = this.truncated
    if (this.redacted > 0) attributes['work.redacted_values'] = this.redacted
  }

  #safe(name: string, value: NonNullable<FieldValue>): SafeValue | undefined {
    if (isSecretName(name, this.#redactNames)) {
      this.redacted++
      return redacted
    }
    if (typeof value === 'string') return this.safeText(value)
    if (typeof value === 'number' || typeof value === 'boolean') return value
    if (!Array.isArray(value)) return undefined
    const kept = value.slice(0, this.#limits.maxFields)
    if (kept.length < value.length) this.truncated++
    return kept.every((item) => typeof item === 'string') ? kept.map((item) => this.safeText(item)) : isFlat(kept) ? kept : undefined
  }

  #remove(name: string): void {
    const previous = this.#fields.get(name)
    if (previous === undefined) return
    this.#bytes -= Buffer.byteLength(name) + sizeOf(previous)
    this.#fields.delete(name)
  }

  #drop(): void {
    this.dropped++
  }
}

function isFlat(items: unknown[]): items is number[] | boolean[] {
  return items.every((item) => typeof item === 'number') || items.every((item) => typeof item === 'boolean')
}

function sizeOf(value: SafeValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return Array.isArray(value) ? value.reduce<number>((sum, item) => sum + (typeof item === 'string' ? Buffer.byteLength(item) : 8), 0) : 8
}
