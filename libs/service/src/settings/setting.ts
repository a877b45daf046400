import { parse as parseMs } from '@lukeed/ms'

/**
 * One setting, read from one environment variable.
 *
 * @typeParam T - the type the application sees.
 */
export interface Setting<T> {
  /** Environment variable, e.g. `INGEST_PORT`. */
  readonly variable: string
  /** One line for `--help` and the settings table. */
  readonly help: string
  /** What is allowed, as the end of the sentence "…; allowed: ". */
  readonly allowed: string
  /** Value when the variable is unset or empty. `undefined` means the setting is required. */
  readonly fallback: T | undefined
  /** A secret's value is never printed or logged. */
  readonly secret: boolean
  /** Returns `undefined` for text that is not allowed. */
  parse(text: string): T | undefined
  /** The fallback as a person would write it: `15s`, `64MiB`. */
  readonly fallbackText: string
}

/** What every kind of setting takes beside its variable. */
export interface SettingOptions<T> {
  /** One line for `--help` and the settings table. */
  help: string
  /** Value when the variable is unset; without it the setting is required. */
  default?: T
}

function setting<T>(
  variable: string,
  options: SettingOptions<T>,
  allowed: string,
  parse: (text: string) => T | undefined,
  how: { readonly secret?: boolean; readonly write?: (value: T) => string } = {},
): Setting<T> {
  const { secret = false, write = String } = how
  const fallbackText = options.default === undefined ? 'required' : write(options.default) || '(empty)'
  return { variable, help: options.help, allowed, fallback: options.default, secret, parse, fallbackText }
}

/** A quantity in the largest unit that holds it as a whole number. */
function inLargestUnit(value: number, units: Readonly<Record<string, number>>): string {
  const [unit, size] = Object.entries(units).findLast(([, each]) => value !== 0 && value % each === 0) ?? ['', 1]
  return `${value / size}${unit}`
}

function integerBetween(text: string, min: number, max: number): number | undefined {
  if (!/^\d{1,16}$/.test(text)) return undefined
  const value = Number(text)
  return value >= min && value <= max ? value : undefined
}

/** A TCP port, 0 (any free one) to 65535. */
export function port(variable: string, options: SettingOptions<number>): Setting<number> {
  return setting(variable, options, 'a port number, 0 to 65535 (0 takes any free port)', (text) => integerBetween(text, 0, 65_535))
}

/** A whole number within bounds. */
export function integer(variable: string, options: SettingOptions<number> & { min: number; max: number }): Setting<number> {
  const { min, max } = options
  return setting(variable, options, `a whole number, ${min} to ${max}`, (text) => integerBetween(text, min, max))
}

const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** A duration in milliseconds, written `500ms`, `5s`, `2m`, `1h`, `7d`, or a bare number of milliseconds. */
export function duration(variable: string, options: SettingOptions<number> & { minMs?: number; maxMs?: number }): Setting<number> {
  const { minMs = 0, maxMs = Number.MAX_SAFE_INTEGER } = options
  const bounds = maxMs === Number.MAX_SAFE_INTEGER ? `at least ${minMs} ms` : `${minMs} to ${maxMs} ms`
  return setting(variable, options, `a duration such as 500ms, 5s, 2m or 1h (${bounds})`, (text) => {
    if (!/^\d+(\.\d+)?(ms|s|m|h|d)?$/.test(text)) return undefined
    const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) : parseMs(text)
    return ms !== undefined && ms >= minMs && ms <= maxMs ? ms : undefined
  }, { write: (ms) => inLargestUnit(ms, TIME_UNITS) })
}

const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** A size in bytes, written `64MiB`, `512KiB`, `1GiB`, or a bare number of bytes. */
export function bytes(variable: string, options: SettingOptions<number> & { minBytes?: number; maxBytes?: number }): Setting<number> {
  const { minBytes = 0, maxBytes = Number.MAX_SAFE_INTEGER } = options
  return setting(variable, options, 'a size such as 512KiB, 64MiB or 1GiB, or a number of bytes', (text) => {
    const match = /^(\d+)(B|KiB|MiB|GiB)?$/.exec(text)
    if (match === null) return undefined
    const value = Number(match[1]) * BYTE_UNITS[match[2] ?? '']!
    return Number.isSafeInteger(value) && value >= minBytes && value <= maxBytes ? value : undefined
  }, { write: (size) => inLargestUnit(size, BYTE_UNITS) })
}

/** An absolute URL with one of the given protocols. */
export function url(variable: string, options: SettingOptions<string> & { protocols: readonly string[] }): Setting<string> {
  const { protocols } = options
  const allowed = `a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`
  // A URL may carry a password, so its value is treated as a secret in messages.
  return setting(
    variable,
    options,
    allowed,
    (text) => (URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : undefined),
    { secret: true },
  )
}

/** One of a fixed list of words. */
export function choice<const T extends string>(variable: string, options: SettingOptions<T> & { values: readonly T[] }): Setting<T> {
  return setting(variable, options, options.values.join(', '), (text) => options.values.find((value) => value === text))
}

/** `true` or `false`. */
export function flag(variable: string, options: SettingOptions<boolean>): Setting<boolean> {
  return setting(variable, options, 'true or false', (text) => (text === 'true' ? true : text === 'false' ? false : undefined))
}

/** Any non-empty text; with `pattern`, text that matches it as a whole. */
export function text(variable: string, options: SettingOptions<string> & { pattern?: RegExp; allowed?: string }): Setting<string> {
  const { pattern, allowed = 'any text' } = options
  return setting(variable, options, allowed, (value) => (pattern === undefined || pattern.test(value) ? value : undefined))
}

/** Text that is never printed: a password, a key. */
export function secret(variable: string, options: SettingOptions<string>): Setting<string> {
  return setting(variable, options, 'any text', (value) => value, { secret: true })
}
