/** Where a receiver is, and how to be let in. */
export interface Address {
  /** Base of OTLP/HTTP, without a slash at its end. */
  readonly url: string
  /** Host and port of OTLP/gRPC; without it the points about gRPC are skipped. */
  readonly grpcTarget?: string | undefined
  /** Sent with every request, over gRPC as metadata: API keys. */
  readonly headers: Readonly<Record<string, string>>
}

/** A row as the receiver stored it, by column of the OpenTelemetry Collector's ClickHouse exporter. */
export type StoredRow = Readonly<Record<string, unknown>>

/** What only the receiver's own tests can know or bring about. */
export interface Inside {
  spans(traceId: string): Promise<readonly StoredRow[]>
  logs(service: string): Promise<readonly StoredRow[]>
  /** A receiver that cannot take anything now. */
  readonly overloaded: Address
  /** A receiver that asks for a key, which `headers` do not hold. */
  readonly locked: Address
  /** A receiver whose database refuses spans with the name `poison` for good. */
  readonly poisonable: Address
  /** A receiver that accepts nothing before it is released; then says how many spans it stored. */
  readonly slow: { readonly address: Address; readonly release: () => Promise<number> }
}

/** The receiver under test. */
export interface Target extends Address {
  /** The receiver's limit of a request's size, bytes. */
  readonly maxBodyBytes: number
  /** An origin whose pages may send from the browser; without it the point about CORS is skipped when the receiver allows none. */
  readonly origin?: string | undefined
  readonly inside?: Inside | undefined
}

export type PointGroup = 'HTTP' | 'JSON' | 'protobuf' | 'gRPC'

/** One line of what a receiver of OTLP must or should do. */
export interface Point {
  /** Stable. */
  readonly id: number
  readonly group: PointGroup
  readonly title: string
  /** Where it is written. */
  readonly spec: string
  /** @throws PointFailed, or PointSkipped when it cannot be told. */
  readonly check: (target: Target) => Promise<void>
}

/** The receiver does otherwise. */
export class PointFailed extends Error {
  override readonly name = 'PointFailed'
}

/** Whether the receiver does so cannot be told from here. */
export class PointSkipped extends Error {
  override readonly name = 'PointSkipped'
}

/** @throws PointFailed with this sentence unless the condition holds. */
export function must(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new PointFailed(otherwise)
}

/** @throws PointFailed that says what was expected and what came, unless both are the same as JSON. */
export function mustEqual(what: string, actual: unknown, expected: unknown): void {
  const [came, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  must(came === wanted, `${what}: expected ${wanted}, got ${came}`)
}

/** @throws PointSkipped when the receiver can only be seen from outside. */
export function insideOf(target: Target, what: string): Inside {
  if (target.inside === undefined) throw new PointSkipped(`cannot be told from outside: ${what}`)
  return target.inside
}
