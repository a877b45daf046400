import type { Connection } from './connection.ts'
import type { Run } from './run.ts'
import { type Fill, PackedFills } from './packed-fills.ts'
import { FAILED, FILLS_SHA, GRANTED, LEASES_SHA, type LeasesReply, STORED } from './scripts.ts'
import type { FillAnswer, LeaseAnswer, LeaseReply } from './shared-tier.ts'
import { TickBatch } from './tick-batch.ts'
import { nextToken } from './token.ts'

interface Keys {
  readonly entry: string
  readonly lease: string
}

class LeaseRequest implements Keys {
  readonly entry: string
  readonly lease: string
  readonly seen: Buffer | undefined
  readonly answer: LeaseAnswer

  constructor(entry: string, lease: string, seen: Buffer | undefined, answer: LeaseAnswer) {
    this.entry = entry
    this.lease = lease
    this.seen = seen
    this.answer = answer
  }
}

class FillRequest implements Keys, Fill {
  readonly entry: string
  readonly lease: string
  readonly token: string
  readonly bytes: Buffer
  readonly ttlMs: number
  readonly answer: FillAnswer

  constructor(entry: string, lease: string, { token, bytes, ttlMs }: Fill, answer: FillAnswer) {
    this.entry = entry
    this.lease = lease
    this.token = token
    this.bytes = bytes
    this.ttlMs = ttlMs
    this.answer = answer
  }
}

/** What {@link GuardedLoads} need. */
export interface GuardedLoadsOptions {
  readonly connection: Connection
  readonly run: Run
  readonly leaseTtlMs: number
  /** Counts an answer that Redis could not give, because it is out of memory for one. */
  readonly onFailed: () => void
}

/** Most keys of one script. */
const MAX_KEYS = 32

/** Stands before the bytes that were seen, which may be none. */
const SEEN = Buffer.from('=')

/** The leases and fills of one turn of the event loop go out as one script each. On a cluster each goes to its node alone, because keys lie in different slots. */
export class GuardedLoads {
  readonly #options: GuardedLoadsOptions
  readonly #leases: TickBatch<LeaseRequest>
  readonly #fills: TickBatch<FillRequest>

  constructor(options: GuardedLoadsOptions) {
    this.#options = options
    const { isCluster } = options.connection
    this.#leases = new TickBatch(isCluster ? 1 : MAX_KEYS, (requests) => void this.#sendLeases(requests))
    this.#fills = new TickBatch(isCluster ? 1 : MAX_KEYS, (requests) => void this.#sendFills(requests))
  }

  lease(entry: string, lease: string, seen: Buffer | undefined, answer: LeaseAnswer): void {
    this.#leases.add(new LeaseRequest(entry, lease, seen, answer))
  }

  fill(entry: string, lease: string, token: string, bytes: Buffer, ttlMs: number, answer: FillAnswer): void {
    this.#fills.add(new FillRequest(entry, lease, { token, bytes, ttlMs }, answer), bytes.length)
  }

  async #sendLeases(requests: readonly LeaseRequest[]): Promise<void> {
    const { connection, run, leaseTtlMs, onFailed } = this.#options
    // One for all: of two requests for the same key one is refused.
    const token = nextToken()
    const keys = keysOf(requests)
    // Most loads are for keys without an entry.
    const seen = requests.some((request) => request.seen !== undefined) ? requests.map((request) => (request.seen === undefined ? '' : Buffer.concat([SEEN, request.seen]))) : []
    const byClient = (): Promise<LeasesReply> => connection.client.ballastCacheLeasesBuffer(keys.length, ...keys, token, leaseTtlMs, ...seen)
    const replies = await run(() => (seen.length > 0 ? byClient() : connection.runScript(LEASES_SHA, keys, [token, String(leaseTtlMs)], undefined, byClient)))
    if (typeof replies === 'number') {
      const granted: LeaseReply = { kind: 'granted', token, stampUs: replies }
      for (const { answer } of requests) answer(granted)
      return
    }
    const stampUs = typeof replies?.[0] === 'number' ? replies[0] : 0
    for (const [i, { answer }] of requests.entries()) {
      const reply = replies?.[i + 1]
      if (reply === FAILED) onFailed()
      if (reply === undefined || reply === FAILED) answer({ kind: 'unavailable' })
      else if (typeof reply !== 'number') answer({ kind: 'found', bytes: reply })
      else answer(reply === GRANTED ? { kind: 'granted', token, stampUs } : { kind: 'held' })
    }
  }

  async #sendFills(requests: readonly FillRequest[]): Promise<void> {
    const { connection, run, onFailed } = this.#options
    const keys = keysOf(requests)
    const fills = new PackedFills(requests)
    const replies = await run(() => connection.runScript(FILLS_SHA, keys, [], fills, () => connection.client.ballastCacheFills(keys.length, ...keys, fills.toBuffer())))
    for (let i = 0; i < requests.length; i++) {
      const reply = typeof replies === 'number' ? replies : replies?.[i]
      if (reply === FAILED) onFailed()
      if (reply === undefined || reply === FAILED) requests[i]!.answer('unavailable')
      else requests[i]!.answer(reply === STORED ? 'stored' : 'refused')
    }
  }
}

function keysOf(requests: readonly Keys[]): string[] {
  const keys: string[] = []
  for (const { entry } of requests) keys.push(entry)
  for (const { lease } of requests) keys.push(lease)
  return keys
}
