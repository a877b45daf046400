import { parse as parseMs } from '@lukeed/ms'

/** A length of time as a person wrote it, and in milliseconds. */
export interface Window {
  readonly text: string
  readonly ms: number
}

/** Reads `90s`, `5m`, `6h`, `30d` or `4w`; `undefined` for anything else, and for nothing at all (`0m`). */
export function parseWindow(text: string): Window | undefined {
  if (!/^\d{1,9}(ms|s|m|h|d|w)$/.test(text)) return undefined
  const ms = parseMs(text)
  return ms === undefined || ms <= 0 || !Number.isSafeInteger(ms) ? undefined : { text, ms }
}
