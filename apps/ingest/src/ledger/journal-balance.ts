/** Records are counted together by when they were accepted, so many milliseconds at a time. */
const BUCKET_MS = 10_000

/** A record may be accepted so long before the segment that it is in was begun, milliseconds. */
const MARGIN_MS = 10_000

/** What went into the journal and came out of it, by when it was accepted: from the time at which the oldest segment was begun it follows what must have come out. */
export class JournalBalance {
  /** Records that went in and did not come out. */
  readonly #open = new Map<number, number>()

  /** Records went in. */
  enter(acceptedAtMs: number, records: number): void {
    const bucket = Math.floor(acceptedAtMs / BUCKET_MS)
    const open = (this.#open.get(bucket) ?? 0) + records
    if (open === 0) this.#open.delete(bucket)
    else this.#open.set(bucket, open)
  }

  /** Records came out: stored, or rejected by ClickHouse. */
  leave(acceptedAtMs: number, records: number): void {
    this.enter(acceptedAtMs, -records)
  }

  /** Records that are in the journal. @param oldestAtMs - when its oldest segment was begun; now when it is empty. */
  inJournal(oldestAtMs: number): number {
    return this.#sum((bucket) => !isPast(bucket, oldestAtMs))
  }

  /** Records that neither came out nor are in it; below zero when more came out than went in. Zero when all is well. */
  difference(oldestAtMs: number): number {
    return this.#sum((bucket) => isPast(bucket, oldestAtMs))
  }

  #sum(counts: (bucket: number) => boolean): number {
    let sum = 0
    for (const [bucket, open] of this.#open) if (counts(bucket)) sum += open
    return sum
  }
}

function isPast(bucket: number, oldestAtMs: number): boolean {
  return (bucket + 1) * BUCKET_MS + MARGIN_MS < oldestAtMs
}
