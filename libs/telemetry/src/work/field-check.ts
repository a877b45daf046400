import type { FieldDefinitions } from './field-definition.ts'
import type { FieldValue } from './work.ts'

/** Different values that a field of low cardinality may have. */
const MAX_LOW_VALUES = 100

/**
 * What is wrong with the value of a declared field, as a sentence; `undefined` when it is right.
 *
 * @param seen - values of fields of low cardinality so far; kept by the caller, bounded here.
 */
export function checkField(fields: FieldDefinitions, name: string, value: FieldValue, seen: Map<string, Set<string>>): string | undefined {
  const declared = fields[name]
  if (declared === undefined) return `the field ${name} is not declared`
  if (value === undefined || value === null) return undefined
  const actual = Array.isArray(value) ? `${typeof value[0]}[]` : typeof value
  if (actual !== declared.type && !(Array.isArray(value) && value.length === 0)) return `the field ${name} is declared as ${declared.type}, and got ${actual}`
  if (declared.type !== 'string' || declared.cardinality === 'high') return undefined
  const values = seen.get(name) ?? new Set()
  seen.set(name, values)
  if (values.size > MAX_LOW_VALUES) return undefined
  values.add(String(value))
  return values.size > MAX_LOW_VALUES ? `the field ${name} has more than ${MAX_LOW_VALUES} different values; declare its cardinality as high` : undefined
}
