const counts = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** A number of events with its thousands apart: `1,234,567`. */
export function countText(count: number): string {
  return counts.format(count)
}

/** The same for axes: `1.2M`. */
export function compactText(count: number): string {
  return compact.format(count)
}

/** A share in percent with so many decimals; without events `no data`. */
export function shareText(share: number | null, decimals: number): string {
  return share === null ? 'no data' : `${(share * 100).toFixed(decimals)} %`
}

/** A burn rate: three digits are plenty. */
export function burnText(burn: number | null): string {
  if (burn === null) return 'no data'
  return burn >= 100 ? countText(burn) : String(Number(burn.toPrecision(3)))
}

/** A time in UTC to the second: `2026-11-21 15:04:05 UTC`. */
export function timeText(at: number | string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A length of time in nanoseconds as traces show it: `1.24 s`, `340 ms`, `12 µs`. */
export function nanosecondsText(ns: number): string {
  const [size, unit] = ns >= 1e9 ? [1e9, 's'] : ns >= 1e6 ? [1e6, 'ms'] : [1e3, 'µs']
  return `${Number((ns / size).toPrecision(3))} ${unit}`
}
