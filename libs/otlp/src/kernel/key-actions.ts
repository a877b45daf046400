import type { Redactor } from '../redaction/redactor.ts'
import { NO_RULE } from '../redaction/key-rules.ts'
import type { Kernel } from './kernel.ts'
import type { KernelMemory } from './kernel-memory.ts'
import { notPlain } from './not-plain.ts'
import { isStoredAsItIs } from './stored-text.ts'

/** A key of the request: its number, its bytes, and the rule for it. */
interface Key {
  readonly id: number
  readonly bytes: Buffer
  readonly rule: number
}

/** Sorts the keys of a request's attributes, and finds the rule for each. */
export class KeyActions {
  readonly #kernel: Kernel
  readonly #memory: KernelMemory
  readonly #redactor: Redactor
  #entries = 0
  /** Keys with a rule. */
  #ruled: Key[] = []

  constructor(memory: KernelMemory, redactor: Redactor) {
    this.#kernel = memory.kernel
    this.#memory = memory
    this.#redactor = redactor
  }

  /** Begins a request. */
  clear(): void {
    this.#ruled = []
  }

  /** Says the order of the keys of the selected tape, and what is done with their values. `source` is the request; a key that is `watched` makes it not plain. */
  apply(source: Buffer, watched?: Buffer): void {
    const { run, view } = this.#kernel
    this.#entries = run.keyEntries()
    const keys = Array.from({ length: run.keyCount() }, (_, id) => this.#key(source, id, watched))
    this.#ruled = keys.filter(({ rule }) => rule !== NO_RULE)
    for (const { id, rule } of this.#ruled) view.setUint32(this.#entry(id) + run.ACTION.value, this.#actionOf(rule), true)
    keys.sort((a, b) => a.bytes.compare(b.bytes)).forEach(({ id }, rank) => view.setUint32(this.#entry(id) + run.RANK.value, rank, true))
    if (run.sortAttributes() === 0) throw notPlain
    if (this.#ruled.length > 0) run.applyActions()
  }

  /** Counts what the rules hit. */
  count(): void {
    const { run, view } = this.#kernel
    for (const { id, rule } of this.#ruled) this.#redactor.addHits(rule, view.getUint32(this.#entry(id) + run.HITS.value, true))
  }

  #entry(id: number): number {
    return this.#entries + id * this.#kernel.run.KEY_BYTES.value
  }

  #key(source: Buffer, id: number, watched: Buffer | undefined): Key {
    const { view } = this.#kernel
    const entry = this.#entry(id)
    const start = view.getUint32(entry, true) - this.#memory.sourceAt
    const stop = start + view.getUint32(entry + 4, true)
    const bytes = source.subarray(start, stop)
    if (!isStoredAsItIs(source, start, stop, this.#redactor) || (watched !== undefined && bytes.equals(watched))) throw notPlain
    return { id, bytes, rule: this.#redactor.active ? this.#redactor.ruleFor(bytes.toString()) : NO_RULE }
  }

  #actionOf(rule: number): number {
    const { DROP, MASK, PSEUDONYMISE } = this.#kernel.run
    switch (this.#redactor.actionOf(rule)) {
      case 'drop':
        return DROP.value
      case 'mask':
        return MASK.value
      case 'pseudonymise':
        return PSEUDONYMISE.value
      case 'keep':
        return 0
    }
  }
}
