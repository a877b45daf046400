/** What one field of an event is. */
export interface FieldDefinition {
  readonly type: 'string' | 'number' | 'boolean' | 'string[]' | 'number[]' | 'boolean[]'
  /** Unit of a number, as OpenTelemetry writes it: `ms`, `By`, `{item}`. @default none */
  readonly unit?: string
  /** How many different values there are: `low` for what one groups by, `high` for ids. @default 'low' */
  readonly cardinality?: 'low' | 'high'
  /** Whether it says something about a person. `personal` values are replaced by `[redacted]`. @default 'none' */
  readonly pii?: 'none' | 'personal'
  /** What it means, for people. */
  readonly description?: string
}

/** The fields of an event, by name. */
export type FieldDefinitions = Readonly<Record<string, FieldDefinition>>
