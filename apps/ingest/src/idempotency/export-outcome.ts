import type { Transcoded } from '@ballast/otlp'

/** What a sender is told of a request that was taken; the same for each of its repeats. */
export interface ExportOutcome {
  readonly tenantId: string
  /** Records that are in the journal, or stand for some that were left out by sampling. */
  readonly accepted: number
  readonly rejected: number
  /** By reason. */
  readonly rejectedReasons: readonly (readonly [string, number])[]
  /** What is wrong with the first rejected record; empty without one. */
  readonly firstReject: string
  /** Oddities that were stored all the same, by kind. */
  readonly warnings: readonly (readonly [string, number])[]
  /** Names the request for `GET /v1/receipts/:id`; absent when nothing of it is to be stored. */
  readonly receipt?: string | undefined
}

export function outcomeOf(tenantId: string, { rows, sampled, rejected, rejects, warnings }: Transcoded, receipt?: string): ExportOutcome {
  return { tenantId, accepted: rows + sampled, rejected: rejected.count, rejectedReasons: [...rejected.reasons], firstReject: rejects[0]?.detail ?? '', warnings: [...warnings], receipt }
}
