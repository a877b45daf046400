/** What this process can know of changes that anybody makes in Redis. */
export interface Changes {
  /** Rises whenever the channel is lost or established. A local copy from another epoch may have missed a change. */
  readonly epoch: number
  /** True while every change of an entry in Redis is heard. */
  readonly live: boolean
}

/** What was changed: an entry, or the mark of a tag or namespace. */
export type ChangedKind = 'entry' | 'mark'

/** Told of what somebody changed, this process included; a key of `undefined` says that anything may have changed. Must not throw. */
export type ChangeListener = (key: string | undefined, kind: ChangedKind) => void

/** Nothing is ever heard: there is no Redis, or no channel. */
export const noChanges: Changes = { epoch: 0, live: false }
