import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { withDeadline } from './deadline.ts'
import { OwnCommand, type Sent } from './own-command.ts'
import { ReplyConnector } from './reply-connector.ts'
import type { ValueTaker } from './reply-splitter.ts'
import { commandBytes, type RespText, type Written } from './resp-text.ts'
import { type ScriptedClient, withScripts } from './scripts.ts'

/** Longest pause between two attempts to connect, in milliseconds. */
const MAX_RECONNECT_PAUSE_MS = 2_000

/** The connection to Redis: ours when a URL was given, borrowed otherwise. */
export class Connection {
  readonly client: ScriptedClient
  readonly isCluster: boolean
  readonly #owned: boolean
  /** The client, when it is ours and takes {@link OwnCommand}s. */
  readonly own: Redis | undefined
  /** Pending while the first attempt to connect runs; a cache that was just created waits for it once, within the Redis timeout. */
  #starting: Promise<void> | undefined
  readonly #onReady: () => void
  readonly #onError = (): void => {}

  constructor(redis: string | Redis | Cluster, timeoutMs: number, random: () => number, onReady: () => void) {
    this.#owned = typeof redis === 'string'
    this.#onReady = onReady
    const client = typeof redis === 'string' ? connect(redis, timeoutMs, random) : redis
    this.isCluster = client instanceof Cluster
    this.client = withScripts(client)
    this.own = client instanceof Redis && client.options.Connector === ReplyConnector ? client : undefined
    client.on('ready', this.#onReady)
    // Without a listener ioredis prints each failed attempt to connect. Calls see the failure anyway.
    if (this.#owned) client.on('error', this.#onError)
    if (client.status === 'wait') client.connect().catch(this.#onError)
    if (client.status !== 'ready') this.#starting = this.#started(client, timeoutMs)
  }

  /** True when a command can be sent at once. */
  get ready(): boolean {
    return this.client.status === 'ready'
  }

  /** Set until the first attempt to connect has succeeded, failed or taken too long. */
  get starting(): Promise<void> | undefined {
    return this.#starting
  }

  /** Reads keys with MGET, and hands the values over in their order. Those that come after the answer was given up are handed over as well. */
  async read(keys: readonly string[], taker: ValueTaker): Promise<void> {
    if (this.own === undefined) {
      for (const bytes of await this.client.mgetBuffer([...keys])) taker.take(bytes)
      return
    }
    const send = (keyPrefix: string): Sent => {
      const write = (text: RespText): void => {
        text.command(keys.length + 1).part('MGET')
        for (const key of keys) text.part(keyPrefix + key)
      }
      return { bytes: commandBytes(write), taker }
    }
    await this.own.sendCommand(new OwnCommand(this.own, 'mget', send))
  }

  /**
   * Runs a script that Redis knows; by `otherwise`, which teaches it, when it does not, or when the connection is not ours.
   *
   * @param last - the last argument, which is written where the command is put together.
   */
  async runScript<T>(sha: string, keys: readonly string[], args: readonly string[], last: Written | undefined, otherwise: () => Promise<T>): Promise<T> {
    if (this.own === undefined) return otherwise()
    const send = (keyPrefix: string): Sent => {
      const write = (text: RespText): void => {
        text.command(3 + keys.length + args.length + (last === undefined ? 0 : 1)).part('EVALSHA').part(sha).part(String(keys.length))
        for (const key of keys) text.part(keyPrefix + key)
        for (const arg of args) text.part(arg)
      }
      return { bytes: commandBytes(write, last) }
    }
    try {
      return (await this.own.sendCommand(new OwnCommand(this.own, 'evalsha', send))) as T
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return otherwise()
      throw error
    }
  }

  close(): void {
    this.client.off('ready', this.#onReady)
    if (this.#owned) this.client.disconnect()
  }

  #started(client: Redis | Cluster, timeoutMs: number): Promise<void> {
    let settle = (): void => {}
    const first = new Promise<void>((resolve) => {
      settle = resolve
    })
    client.once('ready', settle).once('close', settle).once('end', settle)
    return withDeadline(first, timeoutMs).catch(this.#onError).finally(() => {
      client.off('ready', settle).off('close', settle).off('end', settle)
      this.#starting = undefined
    })
  }
}

/**
 * Options of our own connections. A command fails at once when Redis is away, and is never sent twice: a replayed store could bring an old value back.
 * No `commandTimeout`: each call has a {@link withDeadline | deadline}, which does not mistake a busy process for a Redis that hangs.
 */
export function connectionOptions(timeoutMs: number, random: () => number): Omit<RedisOptions, 'replyMapping'> {
  return {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Drops a connection on which nothing comes back any more, so that a new one is tried.
    socketTimeout: Math.max(5_000, 4 * timeoutMs),
    connectTimeout: Math.max(2_000, timeoutMs),
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), MAX_RECONNECT_PAUSE_MS) * (0.5 + random() / 2),
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  }
}

/** Given in the URL, they ask for what {@link ReplyConnector} has not. */
const FOREIGN = /^rediss:|[?&](?:tls|protocol)=/

function connect(url: string, timeoutMs: number, random: () => number): Redis {
  const options = connectionOptions(timeoutMs, random)
  return new Redis(url, FOREIGN.test(url) ? options : { ...options, Connector: ReplyConnector })
}
