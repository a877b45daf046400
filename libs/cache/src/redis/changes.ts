/** What this process can know of changes that anybody makes in Redis. */
export interface Changes {
  /** Rises whenever the channel is lost or established. A local copy from another epoch may have missed a change. */
  readonly epoch: number
  /** True while every change that this library makes in Redis is heard, in whatever process. */
  readonly live: boolean
  /** True while the changes of everybody else are heard as well, expiry and eviction included. */
  readonly complete: boolean
}

/** What was changed: an entry, or the mark of a tag or namespace. */
export type ChangedKind = 'entry' | 'mark'

/** Told of what somebody changed, this process included; a key of `undefined` says that anything may have changed. Must not throw. */
export type ChangeListener = (key: string | undefined, kind: ChangedKind) => void

/** Nothing is ever heard: there is no Redis, or no channel. */
export const noChanges: Changes = { epoch: 0, live: false, complete: false }

/** By what the local copies of processes agree: `CLIENT TRACKING`, messages of this library, or nothing but `local.maxStaleness`. */
export const COHERENCE = ['tracking', 'pubsub', 'none'] as const
export type Coherence = (typeof COHERENCE)[number]

export function coherenceOf({ live, complete }: Changes): Coherence {
  if (!live) return 'none'
  return complete ? 'tracking' : 'pubsub'
}
