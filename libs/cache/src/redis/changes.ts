/** What this process can know of changes that anybody makes in Redis. */
export interface Changes {
  /** Rises whenever the channel is lost or established. A local copy from another epoch may have missed a change. */
  readonly epoch: number
  /** True while every change of an entry in Redis is heard. */
  readonly live: boolean
}

/** Told of an entry that somebody changed, this process included; `undefined` says that any entry may have changed. Must not throw. */
export type ChangeListener = (key: string | undefined) => void

/** Nothing is ever heard: there is no Redis, or no channel. */
export const noChanges: Changes = { epoch: 0, live: false }
