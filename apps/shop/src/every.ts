/**
 * Calls a task again and again, first after one interval, until it is stopped. The task must not throw.
 *
 * @returns how to stop it.
 */
export function every(intervalMs: number, task: () => unknown): () => void {
  const timer = setInterval(() => void task(), intervalMs)
  return () => clearInterval(timer)
}
