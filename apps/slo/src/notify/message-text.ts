import type { AlertData, AlertNotice } from '../alert/alert.ts'

/** One line: what happened, to whom, how bad. */
export function headline({ state, data }: AlertNotice): string {
  const what = state === 'firing' ? (data.severity === 'page' ? 'PAGE' : 'TICKET') : data.resolution === 'objective removed' ? 'ENDED (objective removed)' : 'RESOLVED'
  return `${what} ${data.summary}`
}

/** The facts of an alert, a name and a value each. */
export function facts(data: AlertData): readonly (readonly [string, string])[] {
  const { burn, budgetRemaining, timeToExhaustionMs } = data
  return [
    ['Objective', `${data.objective} (${percent(Number(data.target))} of events over ${data.period})`],
    ['Why', data.tier],
    ...(burn === null ? [] : [['Burn rate', `${rate(burn.long.burn)} over ${burn.long.window}${burn.short.window === burn.long.window ? '' : `, ${rate(burn.short.burn)} over ${burn.short.window}`}; limit ${rate(burn.threshold)}`] as const]),
    ['Bad events', `${data.bad} of ${data.total}`],
    ['Budget left', budgetRemaining === null ? 'no data' : percent(budgetRemaining)],
    ...(timeToExhaustionMs === null ? [] : [['Budget gone in', timeToExhaustionMs === 0 ? 'it is gone' : durationText(timeToExhaustionMs)] as const]),
    ['Since', data.startedAt],
  ]
}

/** What differs, as lines such as `http.route = /pay: 92 % of bad events, 11 % of good ones`. */
export function differenceLines({ differences }: AlertData): readonly string[] {
  return differences.map(({ attribute, value, badShare, goodShare }) => `${attribute} = ${value}: ${percent(badShare)} of bad events, ${percent(goodShare)} of good ones`)
}

/** The versions that came before the alert. */
export function deployLines({ deploys }: AlertData): readonly string[] {
  return deploys.map(({ service, version, firstSeenAt }) => `${service} ${version} since ${firstSeenAt}`)
}

/** Where to look on, named. */
export function linkList({ links }: AlertData): readonly { readonly name: string; readonly url: string }[] {
  const all = [['Runbook', links.runbook], ['Objective', links.console], ['Dashboard', links.dashboard]] as const
  return all.flatMap(([name, url]) => (url === null ? [] : [{ name, url }]))
}

/** Everything, as plain text. */
export function plainText(notice: AlertNotice): string {
  const { data } = notice
  const section = (title: string, lines: readonly string[]): string => (lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}`).join('\n')}\n`)
  const named = facts(data).map(([name, value]) => `${name}: ${value}`)
  return `${headline(notice)}\n\n${named.join('\n')}\n${section('What differs', differenceLines(data))}${section('New versions', deployLines(data))}${section('Example traces', data.exampleTraceIds)}${section('Links', linkList(data).map(({ name, url }) => `${name}: ${url}`))}`
}

/** A share as a person reads it. */
export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`
}

/** A length of time in its two largest units: `3d 4h`, `12m`. */
export function durationText(ms: number): string {
  const units = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000]] as const
  const first = units.findIndex(([, size]) => ms >= size)
  if (first === -1) return `${Math.round(ms)}ms`
  const [name, size] = units[first]!
  const next = units[first + 1]
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[1])
  return `${Math.floor(ms / size)}${name}${rest === 0 ? '' : ` ${rest}${next![0]}`}`
}

function rate(burn: number | null): string {
  return burn === null ? 'no data' : String(Number(burn.toPrecision(4)))
}
