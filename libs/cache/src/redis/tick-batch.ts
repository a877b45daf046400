/** Most bytes that leave together, give or take the last item: no reply waits long for those before it. */
const MAX_BYTES = 262_144

/** Gathers what one turn of the event loop asks for, and sends it together: one command, one answer. */
export class TickBatch<T> {
  readonly #maxItems: number
  readonly #send: (items: readonly T[]) => void
  readonly #items: T[] = []
  #bytes = 0
  #scheduled = false

  /**
   * @param maxItems - so many leave at once, without waiting for more. Redis works on them while this process prepares the next; a batch that takes all would have the two wait for each other.
   * @param send - must not throw.
   */
  constructor(maxItems: number, send: (items: readonly T[]) => void) {
    this.#maxItems = maxItems
    this.#send = send
  }

  /** @param bytes - size of the item, when it may be large. */
  add(item: T, bytes = 0): void {
    this.#items.push(item)
    this.#bytes += bytes
    if (this.#items.length === this.#maxItems || this.#bytes >= MAX_BYTES) {
      this.#flush()
    } else if (!this.#scheduled) {
      this.#scheduled = true
      // After the promise jobs of this turn: what follows from one reply leaves together too.
      queueMicrotask(this.#schedule)
    }
  }

  readonly #schedule = (): void => {
    process.nextTick(this.#flushRest)
  }

  readonly #flushRest = (): void => {
    this.#scheduled = false
    if (this.#items.length > 0) this.#flush()
  }

  #flush(): void {
    // Not a new list for the next ones: a literal may be made among what is old, as `NewEntry` explains, with all that is put into it.
    const items = this.#items.splice(0)
    this.#bytes = 0
    this.#send(items)
  }
}
