import { Cluster, type Redis, type RedisOptions } from 'ioredis'
import type { Clock, Timer } from '../clock.ts'
import type { ChangedKind, ChangeListener, Changes } from './changes.ts'
import { TrackingConnection } from './tracking-connection.ts'

/** How often the masters of a cluster are looked up, in milliseconds. */
const TOPOLOGY_INTERVAL_MS = 1_000

/** `live`: the changes of everybody are heard. `refused`: the server does not allow it. `off`: not wanted, or of no use, because replicas are read. */
export type TrackingState = 'live' | 'connecting' | 'refused' | 'off'

/** What a {@link TrackingChannel} needs. */
export interface TrackingChannelOptions {
  /** First parts of the tracked keys, without the client's key prefix. */
  readonly prefixes: Readonly<Record<ChangedKind, string>>
  /** Where our scripts publish, without the client's key prefix. */
  readonly channel: string
  readonly timeoutMs: number
  readonly clock: Clock
  /** Of our own connections. */
  readonly redisOptions: Omit<RedisOptions, 'replyMapping'>
  readonly onRefused: (cause: Error, heard: boolean) => void
}

/** Hears of changes from a Redis, or from each master of a cluster; it is live while all of them are heard. */
export class TrackingChannel implements Changes {
  epoch = 0
  live = false
  complete = false
  /** Times that a live channel was lost. */
  losses = 0
  /** Keys that were heard of; one message that says "all" counts once. */
  heard = 0
  readonly #options: TrackingChannelOptions
  readonly #client: Redis | Cluster
  /** As the server sees them. */
  readonly #prefixes: readonly { readonly kind: ChangedKind; readonly prefix: string }[]
  readonly #listener: ChangeListener
  /** By address of the server. */
  readonly #connections = new Map<string, TrackingConnection>()
  readonly #followTopology = (): void => this.#reconcile()
  #timer: Timer | undefined
  #closed = false

  constructor(client: Redis | Cluster, options: TrackingChannelOptions, listener: ChangeListener) {
    this.#client = client
    this.#options = options
    this.#listener = listener
    const before = client.options.keyPrefix ?? ''
    this.#prefixes = (['entry', 'mark'] as const).map((kind) => ({ kind, prefix: before + options.prefixes[kind] }))
    if (!(client instanceof Cluster)) {
      this.#connections.set('', this.#track(client))
      return
    }
    client.on('+node', this.#followTopology).on('-node', this.#followTopology)
    this.#reconcile()
  }

  get state(): TrackingState {
    if (this.complete) return 'live'
    return [...this.#connections.values()].some(({ state, complete }) => state === 'refused' || (state === 'live' && !complete)) ? 'refused' : 'connecting'
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    if (this.#client instanceof Cluster) this.#client.off('+node', this.#followTopology).off('-node', this.#followTopology)
    for (const connection of this.#connections.values()) connection.close()
    this.#connections.clear()
    this.#update()
  }

  #track(server: Redis): TrackingConnection {
    const { channel, timeoutMs, clock, redisOptions, onRefused } = this.#options
    const before = this.#client.options.keyPrefix ?? ''
    const client = server.duplicate({ ...redisOptions, protocol: 2, autoResubscribe: false, lazyConnect: true, keyPrefix: '', readOnly: false, enableAutoPipelining: false })
    return new TrackingConnection(client, { prefixes: this.#prefixes.map(({ prefix }) => prefix), channel: before + channel, timeoutMs, clock, onState: () => this.#update(), onKeys: (keys) => this.#hear(keys), onRefused })
  }

  /** A replica that becomes master raises no event, so the masters are looked up from time to time as well. */
  #reconcile(): void {
    if (this.#closed || !(this.#client instanceof Cluster)) return
    this.#timer?.cancel()
    this.#timer = this.#options.clock.setTimer(this.#followTopology, TOPOLOGY_INTERVAL_MS)
    const masters = new Map(this.#client.nodes('master').map((node) => [`${node.options.host}:${node.options.port}`, node]))
    let changed = false
    for (const [address, connection] of this.#connections) {
      if (masters.has(address)) continue
      connection.close()
      this.#connections.delete(address)
      changed = true
    }
    for (const [address, node] of masters) {
      if (this.#connections.has(address)) continue
      this.#connections.set(address, this.#track(node))
      changed = true
    }
    if (changed) this.#update()
  }

  /** Copies from before any change of the channel are not trusted after it: something may have gone unheard in between. */
  #update(): void {
    const live = !this.#closed && this.#connections.size > 0 && [...this.#connections.values()].every(({ state }) => state === 'live')
    if (!live && !this.live) return
    if (this.live && !live) this.losses++
    this.live = live
    this.complete = live && [...this.#connections.values()].every(({ complete }) => complete)
    this.epoch++
  }

  #hear(keys: readonly Buffer[] | null): void {
    this.heard += keys?.length ?? 1
    if (keys === null) return this.#listener(undefined, 'entry')
    for (const key of keys) {
      const text = key.toString()
      // The key of an entry ends with the brace that closes its hash tag.
      for (const { kind, prefix } of this.#prefixes) if (text.startsWith(prefix)) this.#listener(text.slice(prefix.length, kind === 'entry' ? -1 : undefined), kind)
    }
  }
}

/** Whether what a client reads is at least as new as what the channel says: replicas lag behind the server that is heard. */
export function readsMasters(client: Redis | Cluster): boolean {
  if (client instanceof Cluster) return client.options.scaleReads === undefined || client.options.scaleReads === 'master'
  return client.options.role !== 'slave'
}
