import { ClickHouseError } from '../errors.ts'

/** A ClickHouse type: its name, and its arguments, which are types or literals. */
export interface NativeType {
  readonly name: string
  readonly args: readonly string[]
}

/** A value of any type that is supported. 64-bit integers are bigint; times are their ticks; a Map is its pairs, in order. */
export type NativeValue = string | number | bigint | boolean | null | readonly NativeValue[]

/**
 * Takes a type apart: `Map(LowCardinality(String), String)` is a `Map` of two arguments.
 *
 * @throws ClickHouseError `BAD_DATA` when the brackets do not match.
 */
export function parseNativeType(text: string): NativeType {
  const open = text.indexOf('(')
  if (open === -1) return { name: text, args: [] }
  if (!text.endsWith(')')) throw new ClickHouseError('BAD_DATA', `"${text}" is not a ClickHouse type: a bracket is missing.`)
  return { name: text.slice(0, open), args: splitArguments(text.slice(open + 1, -1)) }
}

/** Splits at the commas that are outside brackets and quotes. */
function splitArguments(text: string): string[] {
  const args: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (quoted) {
      if (character === '\\') at++
      else if (character === "'") quoted = false
    } else if (character === "'") quoted = true
    else if (character === '(') depth++
    else if (character === ')') depth--
    else if (character === ',' && depth === 0) {
      args.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  args.push(text.slice(start).trim())
  return args
}
