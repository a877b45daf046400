/** Runs a command under the deadline and the breaker; resolves with `undefined` when Redis is unavailable, and never rejects. */
export type Run = <T>(command: () => Promise<T>) => Promise<T | undefined>
