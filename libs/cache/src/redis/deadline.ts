/** Thrown in place of an answer that did not come in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Settles like `answer`, or rejects with {@link DeadlineError} after `ms`. A late answer is dropped without noise. */
export function withDeadline<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let immediate: NodeJS.Immediate | undefined
    const timer = setTimeout(() => {
      // The answer may have come while this process was busy: sockets are read between the timers and the immediates.
      immediate = setImmediate(() => reject(new DeadlineError(`Redis did not answer within ${ms} ms`)))
    }, ms)
    const settled = (): void => {
      clearTimeout(timer)
      clearImmediate(immediate)
    }
    answer.then(
      (value) => {
        settled()
        resolve(value)
      },
      (error: unknown) => {
        settled()
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
