/** Thrown in place of an answer that did not come in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/** Settles like `answer`, or rejects with {@link DeadlineError} after `ms`. A late answer is dropped without noise. */
export function withDeadline<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(`Redis did not answer within ${ms} ms`)), ms)
    answer.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error instanceof Error ? error : new Error(String(error)))
      },
    )
  })
}
