import type { IncomingHttpHeaders } from 'node:http'

/** Which of a tenant's requests go first. */
export type Priority = 'high' | 'normal' | 'low'

/** First to last. */
export const priorities: readonly Priority[] = ['high', 'normal', 'low']

/** Header, or gRPC metadata, by which a sender says how much a request matters beside its others. */
export const PRIORITY_HEADER = 'x-ballast-priority'

/** What the sender says, else what its path says: events are units of work, so they go before what OTLP brings. */
export function priorityOf(headers: IncomingHttpHeaders, byDefault: Priority): Priority {
  const said = headers[PRIORITY_HEADER]
  return priorities.find((each) => each === said) ?? byDefault
}
