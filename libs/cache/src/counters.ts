/** What happened in one definition, as plain integers: cheap to raise, read by {@link Instruments} and `stats()`. Every call of `get` raises exactly one of the first ten. */
export class Counters {
  /** Answered by a fresh local copy. */
  localFresh = 0
  /** Answered by a stale local copy. */
  localStale = 0
  /** Answered by an absence in the local tier. */
  localNegative = 0
  /** Answered by a fresh entry in Redis. */
  redisFresh = 0
  /** Answered by a stale entry in Redis. */
  redisStale = 0
  /** Answered by an absence in Redis. */
  redisNegative = 0
  /** Joined a read or load that was already under way. */
  coalesced = 0
  /** Found nothing and got its value from the loader or from another process's load. */
  miss = 0
  /** Refused, because too many loads ran and waited. */
  shed = 0
  /** Got another error. */
  failed = 0
  /** Calls of the loader that were started, for each id. */
  loads = 0
  /** Loads that were refused because too many ran and waited, and refreshes put off because all turns were taken. */
  loadsShed = 0
  /** Loads that failed or timed out. */
  loadErrors = 0
  /** Refreshes in background that were started. */
  refreshes = 0
  /** Refreshes of values that were still fresh, which would have expired soon; part of {@link refreshes}. */
  earlyRefreshes = 0
  /** Times a caller waited for the load of another process. */
  leaseWaits = 0
  /** Values that were not stored because the key was invalidated or written during their load. */
  fillsRefused = 0
  /** Entries in Redis whose bytes are damaged, or not an entry at all; a miss, as are the next three. */
  corrupt = 0
  /** Entries of another serialiser or another version of the format. */
  foreign = 0
  /** Entries that are encrypted with an unknown key or without a key here, not encrypted though they must be, changed, or moved from another key. */
  undecryptable = 0
  /** Entries whose value did not pass the schema. */
  mismatched = 0
  /** Calls of `write` that stored a value. */
  writes = 0
  /** Calls of `invalidate`. */
  invalidations = 0
}

/** A copy of {@link Counters} at one moment. */
export type CounterSnapshot = Readonly<Pick<Counters, keyof Counters>>
