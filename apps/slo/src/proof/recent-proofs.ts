import type { Proof } from '../alert/alert.ts'
import type { Objective } from '../objective/objective.ts'
import type { Prover } from './prover.ts'

/** How long one proof is shown again: a page that many look at costs one set of queries. Milliseconds. */
const FRESH_FOR_MS = 15_000
/** Proofs that are kept. */
const MAX_KEPT = 200

/** What proves the present state of objectives, for pages. */
export class RecentProofs {
  readonly #prover: Pick<Prover, 'prove'>
  readonly #now: () => number
  readonly #kept = new Map<string, { readonly atMs: number; readonly proof: Promise<Proof> }>()

  constructor(prover: Pick<Prover, 'prove'>, now: () => number = Date.now) {
    this.#prover = prover
    this.#now = now
  }

  /** The proof of the window that ends now. Rejects when the database does not answer. */
  read(objective: Objective, windowMs: number): Promise<Proof> {
    const nowMs = this.#now()
    const known = this.#kept.get(objective.name)
    if (known !== undefined && nowMs - known.atMs < FRESH_FOR_MS) return known.proof
    this.#kept.delete(objective.name)
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
    const proof = this.#prover.prove(objective, { fromMs: nowMs - windowMs, toMs: nowMs })
    this.#kept.set(objective.name, { atMs: nowMs, proof })
    return proof
  }
}
