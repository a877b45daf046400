import type { Redis } from 'ioredis'
import type { Clock, Timer } from '../clock.ts'
import { withDeadline } from './deadline.ts'

/** Where Redis sends the keys that changed. */
const TRACKING_CHANNEL = '__redis__:invalidate'
/** Pause between two signs of life that are asked for, in milliseconds. */
const PING_INTERVAL_MS = 1_000
/** Pause before a server that refused is asked again, in milliseconds. */
const REFUSED_PAUSE_MS = 30_000

type State =
  | { readonly kind: 'connecting' }
  /** Changes are heard; `timer` runs the next ping. */
  | { readonly kind: 'live'; readonly by: 'tracking' | 'pubsub'; readonly timer: Timer }
  /** The server allows neither; `timer` asks again. */
  | { readonly kind: 'refused'; readonly timer: Timer }
  | { readonly kind: 'closed' }

/** What a {@link TrackingConnection} needs. */
export interface TrackingOptions {
  /** First parts of the keys that are tracked, as the server sees them; none begins with another. */
  readonly prefixes: readonly string[]
  /** Where our scripts publish the keys that they change: heard where tracking is refused. */
  readonly channel: string
  /** Longest wait for one answer, in milliseconds. */
  readonly timeoutMs: number
  readonly clock: Clock
  /** Told when {@link TrackingConnection.state} has changed. */
  readonly onState: () => void
  /** Told of the keys that changed; `null` says that any may have. */
  readonly onKeys: (keys: readonly Buffer[] | null) => void
  /** Told that tracking is refused. @param heard - whether our own messages can be heard instead. */
  readonly onRefused: (cause: Error, heard: boolean) => void
}

/**
 * Hears of each change under some prefixes, from one server, by `CLIENT TRACKING … BCAST`; where that is refused, of the changes that our scripts publish.
 *
 * The connection redirects the messages to itself and speaks RESP2, because ioredis drops them on RESP3. It must not subscribe by itself
 * after a reconnect: a subscribed connection may not turn tracking on any more, and would then hear nothing, without an error.
 */
export class TrackingConnection {
  readonly #client: Redis
  readonly #options: TrackingOptions
  #state: State = { kind: 'connecting' }
  /** Told apart from the attempts before, which may still end. */
  #attempt = 0

  /** @param client - a connection of its own: protocol 2, lazy, no key prefix, no offline queue, no automatic subscription. */
  constructor(client: Redis, options: TrackingOptions) {
    this.#client = client
    this.#options = options
    client.on('ready', () => void this.#establish())
    client.on('close', () => this.#lost())
    client.on('error', () => {})
    // Not the text event: that joins keys with commas and cannot say "all".
    client.on('messageBuffer', (_channel: Buffer, told: unknown) => this.#options.onKeys(Buffer.isBuffer(told) ? [told] : isKeys(told) ? told : null))
    this.#connect()
  }

  get state(): State['kind'] {
    return this.#state.kind
  }

  /** True while the changes of everybody are heard. */
  get complete(): boolean {
    return this.#state.kind === 'live' && this.#state.by === 'tracking'
  }

  close(): void {
    this.#leave()
    this.#state = { kind: 'closed' }
    this.#client.disconnect()
  }

  #connect(): void {
    this.#client.connect().catch(() => {})
  }

  async #establish(): Promise<void> {
    const attempt = ++this.#attempt
    const { channel, timeoutMs, onState, onRefused } = this.#options
    try {
      const refusal = await this.#track()
      if (refusal !== undefined) await withDeadline(this.#client.subscribe(channel), timeoutMs)
      if (attempt !== this.#attempt || this.#state.kind !== 'connecting') return
      this.#state = { kind: 'live', by: refusal === undefined ? 'tracking' : 'pubsub', timer: this.#nextPing(attempt) }
      if (refusal !== undefined) onRefused(refusal, true)
      onState()
    } catch (error) {
      if (attempt !== this.#attempt || this.#state.kind === 'closed') return
      if (error instanceof Error && error.name === 'ReplyError') this.#refused(error)
      else this.#client.disconnect(true)
    }
  }

  /** Turns tracking on; returns the server's refusal. */
  async #track(): Promise<Error | undefined> {
    const { prefixes, timeoutMs } = this.#options
    try {
      const id = await withDeadline(this.#client.client('ID'), timeoutMs)
      await withDeadline(this.#client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', String(id), 'BCAST', ...prefixes.flatMap((prefix) => ['PREFIX', prefix])), timeoutMs)
      await withDeadline(this.#client.subscribe(TRACKING_CHANNEL), timeoutMs)
      return undefined
    } catch (error) {
      if (error instanceof Error && error.name === 'ReplyError') return error
      throw error
    }
  }

  #nextPing(attempt: number): Timer {
    return this.#options.clock.setTimer(() => void this.#ping(attempt), PING_INTERVAL_MS)
  }

  #refused(cause: Error): void {
    this.#leave()
    const timer = this.#options.clock.setTimer(() => {
      this.#state = { kind: 'connecting' }
      this.#connect()
    }, REFUSED_PAUSE_MS)
    this.#state = { kind: 'refused', timer }
    this.#client.disconnect()
    this.#options.onRefused(cause, false)
    this.#options.onState()
  }

  /** A connection on which nothing comes back is lost, whatever the socket says. */
  async #ping(attempt: number): Promise<void> {
    const answered = await withDeadline(this.#client.ping(), this.#options.timeoutMs).then(
      () => true,
      () => false,
    )
    if (attempt !== this.#attempt || this.#state.kind !== 'live') return
    if (answered) {
      this.#state = { ...this.#state, timer: this.#nextPing(attempt) }
      return
    }
    this.#lost()
    this.#client.disconnect(true)
  }

  #lost(): void {
    if (this.#state.kind !== 'live') return
    this.#leave()
    this.#state = { kind: 'connecting' }
    this.#options.onState()
  }

  #leave(): void {
    this.#attempt++
    if (this.#state.kind === 'live' || this.#state.kind === 'refused') this.#state.timer.cancel()
  }
}

function isKeys(keys: unknown): keys is Buffer[] {
  return Array.isArray(keys) && keys.every((key) => Buffer.isBuffer(key))
}
