import { NO_RULE } from '../redaction/key-rules.ts'
import type { Redactor } from '../redaction/redactor.ts'
import type { Kernel } from './kernel.ts'
import type { KernelMemory } from './kernel-memory.ts'
import { notPlain } from './not-plain.ts'
import { isStoredAsItIs } from './stored-text.ts'

/** Sequences of keys whose order and rules are remembered. */
const MAX_REMEMBERED = 256

/** Requests with more keys are looked at each time: who makes keys up must not fill the memory. */
const MAX_REMEMBERED_KEYS = 128

/** The bits below hold what is done with the values. */
const PLACE_STEP = 4

/** What is said of the keys of one request, by their numbers. */
interface Verdict {
  /** Place in the order of the keys' bytes, times four, plus what is done with the values. */
  readonly places: readonly number[]
  readonly rules: readonly number[]
  /** Numbers of the keys with a rule. */
  readonly ruled: readonly number[]
}

const NO_KEYS: Verdict = { places: [], rules: [], ruled: [] }

/** Says the order of the keys of a request's attributes, and what is done with their values. One service sends the same keys again and again, so verdicts are remembered. */
export class KeyActions {
  readonly #kernel: Kernel
  readonly #memory: KernelMemory
  readonly #redactor: Redactor
  readonly #verdicts = new Map<string, Verdict>()
  /** The rules that the verdicts are about. */
  #rulesOfVerdicts: object | undefined
  #entries = 0
  #verdict = NO_KEYS

  constructor(memory: KernelMemory, redactor: Redactor) {
    this.#kernel = memory.kernel
    this.#memory = memory
    this.#redactor = redactor
  }

  /** Begins a request, with the rules `redaction`. */
  begin(redaction: object | undefined): void {
    this.#verdict = NO_KEYS
    if (redaction !== this.#rulesOfVerdicts) this.#verdicts.clear()
    this.#rulesOfVerdicts = redaction
  }

  /** Sorts the attributes of the selected tape, and drops or marks those with a rule. `source` is the request; a key that is `watched` makes it not plain. */
  apply(source: Buffer, watched?: Buffer): void {
    const { run, view } = this.#kernel
    this.#entries = run.keyEntries()
    const verdict = this.#verdictOf(source, watched)
    for (let id = 0; id < verdict.places.length; id++) view.setUint32(this.#entry(id) + run.PLACE.value, verdict.places[id]!, true)
    this.#verdict = verdict
    if (run.sortAttributes() === 0) throw notPlain
  }

  /** Counts what the rules hit. */
  count(): void {
    const { run, view } = this.#kernel
    for (const id of this.#verdict.ruled) this.#redactor.addHits(this.#verdict.rules[id]!, view.getUint32(this.#entry(id) + run.HITS.value, true))
  }

  #verdictOf(source: Buffer, watched: Buffer | undefined): Verdict {
    const { run, bytes } = this.#kernel
    const at = this.#memory.namesAt
    const count = run.keyCount()
    // Lengths and bytes of all keys, one after another.
    const end = this.#memory.writeAside((to) => run.writeRanges(to, this.#entries, run.KEY_BYTES.value, count), source.length)
    const name = bytes.toString('latin1', at, end)
    const known = this.#verdicts.get(name)
    if (known !== undefined) return known
    const keys = Array.from({ length: count }, (_, id) => this.#key(source, id, watched))
    const rules = keys.map((key) => (this.#redactor.active ? this.#redactor.ruleFor(key.toString()) : NO_RULE))
    const places = rules.map((rule) => (rule === NO_RULE ? 0 : this.#actionOf(rule)))
    keys.map((key, id) => ({ key, id })).sort((a, b) => a.key.compare(b.key)).forEach(({ id }, rank) => (places[id]! += rank * PLACE_STEP))
    const verdict = { places, rules, ruled: [...rules.keys()].filter((id) => rules[id] !== NO_RULE) }
    if (count > MAX_REMEMBERED_KEYS) return verdict
    if (this.#verdicts.size === MAX_REMEMBERED) this.#verdicts.clear()
    this.#verdicts.set(name, verdict)
    return verdict
  }

  #entry(id: number): number {
    return this.#entries + id * this.#kernel.run.KEY_BYTES.value
  }

  #key(source: Buffer, id: number, watched: Buffer | undefined): Buffer {
    const { view } = this.#kernel
    const start = view.getUint32(this.#entry(id), true) - this.#memory.sourceAt
    const stop = start + view.getUint32(this.#entry(id) + 4, true)
    const key = source.subarray(start, stop)
    if (!isStoredAsItIs(source, start, stop, this.#redactor) || (watched !== undefined && key.equals(watched))) throw notPlain
    return key
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
