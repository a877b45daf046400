/** A value of OTLP's `AnyValue`. */
export type AnyValue =
  | { readonly kind: 'empty' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'array'; readonly values: readonly AnyValue[] }
  | { readonly kind: 'kvlist'; readonly values: readonly KeyValue[] }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }

/** One attribute. */
export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

/** The value that is not set. */
export const emptyValue: AnyValue = { kind: 'empty' }

/** Values nest at most this deep; deeper ones are refused, so that no request can exhaust the stack. */
export const MAX_VALUE_DEPTH = 32
