import type { Outcome } from '../work/outcome.ts'
import type { Work } from '../work/work.ts'

/** Told of every unit of work that ends, also of those whose event is not kept. */
export type WorkListener = (work: Work, outcome: Outcome) => void

const listeners = new Set<WorkListener>()

/** Adds a listener. @returns how to remove it. */
export function onWorkEnd(listener: WorkListener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Tells every listener. */
export function workEnded(work: Work, outcome: Outcome): void {
  for (const listener of listeners) listener(work, outcome)
}
