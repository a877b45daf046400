import { cacheHitRatio } from './cache-hit-ratio.ts'

/** How often the line is drawn, milliseconds: on a terminal, and elsewhere, where each drawing is a line of its own. */
const INTERVAL_MS = { terminal: 1000, log: 10_000 } as const
/** Time the answers behind one drawing may take, milliseconds. */
const TIMEOUT_MS = 3000

export interface StatusSources {
  readonly clickhouseUrl: string
  readonly clickhouseUser: string
  readonly clickhousePassword: string
  readonly database: string
  readonly sloUrl: string
  /** The demo service that reads through the cache; `undefined` without the demo. */
  readonly catalogUrl: string | undefined
}

/** One live line: spans and events stored, cache hit ratio, objectives healthy and burning. */
export class StatusLine {
  readonly #sources: StatusSources
  readonly #live = process.stdout.isTTY === true
  #timer: NodeJS.Timeout | undefined
  #line = ''

  constructor(sources: StatusSources) {
    this.#sources = sources
  }

  start(): void {
    const draw = async (): Promise<void> => {
      this.#line = await this.#describe()
      if (this.#timer === undefined) return
      this.#draw()
      this.#timer = setTimeout(() => void draw(), this.#live ? INTERVAL_MS.terminal : INTERVAL_MS.log)
    }
    this.#timer = setTimeout(() => void draw(), 0)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Prints a line of its own above the live one. */
  print(line: string): void {
    process.stdout.write(this.#live ? `\r\x1b[K${line}\n` : `${line}\n`)
    if (this.#live) this.#draw()
  }

  #draw(): void {
    const width = process.stdout.columns ?? 200
    process.stdout.write(this.#live ? `\r\x1b[K${this.#line.slice(0, width - 1)}` : `${this.#line}\n`)
  }

  async #describe(): Promise<string> {
    const [stored, hitRatio, objectives] = await Promise.all([this.#stored(), this.#hitRatio(), this.#objectives()].map((part) => part.catch(() => '?')))
    return `  ${stored} · ${hitRatio} · ${objectives}`
  }

  async #stored(): Promise<string> {
    const { clickhouseUrl, clickhouseUser, clickhousePassword, database } = this.#sources
    const url = new URL(clickhouseUrl)
    url.searchParams.set('query', `SELECT (SELECT count() FROM otel_traces), (SELECT count() FROM otel_logs WHERE EventName != '') FORMAT TSV`)
    url.searchParams.set('database', database)
    const headers = { 'x-clickhouse-user': clickhouseUser, 'x-clickhouse-key': clickhousePassword }
    const [spans = '?', events = '?'] = (await get(url.href, headers)).trim().split('\t')
    return `${grouped(spans)} spans · ${grouped(events)} events`
  }

  async #hitRatio(): Promise<string> {
    const { catalogUrl } = this.#sources
    if (catalogUrl === undefined) return 'no shop'
    const ratio = cacheHitRatio(await get(`${catalogUrl}/metrics`))
    return ratio === undefined ? 'cache not used yet' : `cache ${(ratio * 100).toFixed(1)} % hits`
  }

  async #objectives(): Promise<string> {
    const { objectives } = JSON.parse(await get(`${this.#sources.sloUrl}/api/v1/objectives`)) as { objectives: { status: string }[] }
    const count = (status: string): number => objectives.filter((objective) => objective.status === status).length
    const silent = count('no data')
    return `SLO: ${count('ok')} healthy, ${count('burning')} burning${silent > 0 ? `, ${silent} without data` : ''}`
  }
}

async function get(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok) throw new Error(`${response.status}`)
  return response.text()
}

function grouped(digits: string): string {
  if (digits.length > 6) return `${(Number(digits) / 1e6).toFixed(1)} M`
  return digits.replaceAll(/\B(?=(\d{3})+$)/g, ',')
}
