import type { Context } from '@opentelemetry/api'
import type { EventLimits } from './limits.ts'
import type { FieldValue } from './work.ts'

/** Kind of the span of a unit of work. */
export type WorkKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

/** Options of `unitOfWork`. */
export interface UnitOfWorkOptions {
  /** Fields known at the start; they are attributes of the span as well. @default none */
  readonly fields?: Readonly<Record<string, FieldValue>>
  /** Whether to open a span around the work. Without one the event carries the ids of the span that is active. @default true */
  readonly span?: boolean
  /** Name of the span. @default the name of the work */
  readonly spanName?: string
  /** @default 'internal' */
  readonly kind?: WorkKind
  /**
   * Whether the event is left out when another unit of work runs around this one: its time becomes a timer of that one, its fields and
   * counters become that one's under `<name>.`. @default false
   */
  readonly fold?: boolean
  /** The context that the span's parent is taken from. @default the active one */
  readonly parent?: Context
  /** @default eventLimits */
  readonly limits?: EventLimits
  /** Names, beside the built-in ones, of fields whose values never leave the process. @default none */
  readonly redactNames?: RegExp
  /** A clock that never goes back. Milliseconds. @default performance.now */
  readonly now?: () => number
}
