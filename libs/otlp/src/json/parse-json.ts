import { OtlpError } from '../errors.ts'

/** A JSON value; integers too large for a double are bigints, so that no digit is lost. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json }

/** Longer digits than any field holds stay numbers, because a bigint of a megabyte of digits costs quadratic time. */
const MAX_INTEGER_DIGITS = 24

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Parses a JSON text without losing digits of large integers.
 *
 * @throws OtlpError INVALID_UTF8, INVALID_JSON
 */
export function parseJson(body: Uint8Array): Json {
  let text: string
  try {
    text = utf8.decode(body)
  } catch (error) {
    throw new OtlpError('INVALID_UTF8', 'the JSON body is not UTF-8; send it as UTF-8.', { cause: error })
  }
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return JSON.parse(text, exactly as (key: string, value: unknown) => unknown) as Json
  } catch (error) {
    if (error instanceof RangeError) throw new OtlpError('NESTED_TOO_DEEP', 'the JSON body nests too deep; flatten it.', { cause: error })
    throw new OtlpError('INVALID_JSON', `the body is not JSON: ${(error as Error).message}.`, { cause: error })
  }
}

function exactly(_key: string, value: Json, context?: { readonly source?: string }): Json {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const digits = context?.source
  return digits !== undefined && digits.length <= MAX_INTEGER_DIGITS && /^-?\d+$/.test(digits) ? BigInt(digits) : value
}

/** A value as JSON text again, for the quarantine. */
export function jsonSource(value: Json): string {
  if (typeof value === 'bigint') return String(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(jsonSource).join(',')}]`
  return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${jsonSource(item)}`).join(',')}}`
}
