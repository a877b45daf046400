import type { Clock } from '../clock.ts'
import { type Envelope, HEAD_BYTES } from '../entry/envelope.ts'
import type { Entry } from '../entry/entry.ts'
import type { LeaseReply, SharedTier } from '../redis/shared-tier.ts'
import type { Scope, Standing } from '../tags/scope.ts'
import type { Flight } from './flight.ts'

/** How a request for the right to load ended. */
export type Acquired<R> =
  /** Load, then fill with the token. */
  | { readonly kind: 'granted'; readonly token: string; readonly stampUs: number }
  /** Another process has stored it meanwhile. */
  | { readonly kind: 'found'; readonly entry: Entry<R>; readonly askedAt: number; readonly epoch: number | undefined; readonly standing: Standing }
  /** Another process holds the key; only told to those who do not wait. */
  | { readonly kind: 'held' }
  /** Load, but keep the value out of Redis: Redis is unavailable, or the other process takes too long. */
  | { readonly kind: 'unguarded' }

/** First and longest pause between two looks at a key that another process loads, in milliseconds. */
const FIRST_POLL_MS = 10
const MAX_POLL_MS = 200
/** After so many looks that a change overtook, the value is loaded here. */
const MAX_OUTDATED = 4

/** What {@link acquireLease} needs. */
export interface LeaseRequest {
  readonly shared: SharedTier
  readonly envelope: Envelope
  readonly scope: Scope
  readonly key: string
  /** First bytes of the entry to be replaced, if there is one. */
  readonly seen: Buffer | undefined
  /** What Redis has answered to the first request already. */
  readonly first: LeaseReply | undefined
  /** How long to wait for another process; `undefined` does not wait and is told `held`. */
  readonly waitMs: number | undefined
  readonly onWait: () => void
  /** The load that the lease is for: a message about its key ends a pause. */
  readonly flight: Pick<Flight<unknown>, 'changes' | 'onChange'>
  readonly clock: Clock
  readonly random: () => number
}

/** Asks for the right to load a key; waits for another process's load until a message tells of its value, or a growing, jittered pause is over. */
export async function acquireLease<R>(request: LeaseRequest): Promise<Acquired<R>> {
  const { shared, envelope, scope, key, waitMs, flight, clock, random } = request
  const startedAt = clock.exactNow()
  let seen = request.seen
  let pauseMs = FIRST_POLL_MS
  let unusable = 0
  let outdated = 0
  for (let attempt = 0; ; attempt++) {
    const askedAt = clock.exactNow()
    const { epoch } = shared.changes
    const { changes } = flight
    const reply = attempt === 0 && request.first !== undefined ? request.first : await new Promise<LeaseReply>((resolve) => shared.lease(key, seen, resolve))
    if (reply.kind === 'granted') return reply
    if (reply.kind === 'unavailable') return { kind: 'unguarded' }
    if (reply.kind === 'found') {
      const entry = await envelope.decode<R>(key, reply.bytes)
      if (entry !== undefined && clock.exactNow() < entry.hardAt) {
        const { verdict, standing } = await scope.decide(entry, askedAt)
        // A message has come since: callers who joined after it must not get what may be from before. Looks again, a few times.
        if (flight.changes !== changes) {
          if (++outdated === MAX_OUTDATED) return { kind: 'unguarded' }
          continue
        }
        if ((verdict === 'valid' || verdict === 'soft') && clock.exactNow() < entry.hardAt) return { kind: 'found', entry, askedAt, epoch, standing }
      }
      // Damaged, over or invalidated: ask again for the right to replace it. Somebody who keeps storing such entries is not fought.
      if (++unusable === 3) return { kind: 'unguarded' }
      seen = reply.bytes.subarray(0, HEAD_BYTES)
      continue
    }
    if (waitMs === undefined) return { kind: 'held' }
    if (attempt === 0) request.onWait()
    const leftMs = startedAt + waitMs - clock.exactNow()
    if (leftMs <= 0) return { kind: 'unguarded' }
    const delayMs = Math.min(pauseMs * (0.75 + 0.5 * random()), leftMs)
    await new Promise<void>((resolve) => {
      const timer = clock.setTimer(resolve, delayMs)
      flight.onChange = () => {
        timer.cancel()
        resolve()
      }
    })
    flight.onChange = undefined
    pauseMs = Math.min(2 * pauseMs, MAX_POLL_MS)
  }
}
