import type { Priority } from './fairness/priority.ts'

/** Bytes held for one request, from its first byte to its answer. */
export interface Reservation {
  /** Now holds this many bytes; `false`, and unchanged, when there is no room. */
  resize(bytes: number): boolean
  release(): void
}

/** Above this part of the bytes only tenants that hold less than their share get more, and nothing of low priority. */
const HIGH_WATER = 0.75

/**
 * Bounds the bytes of all requests that are being read or written to the journal. The last quarter is for those who hold little:
 * one tenant, however much it sends, cannot keep the others out.
 */
export class Admission {
  readonly #maxBytes: number
  /** By tenant, without those that hold nothing. */
  readonly #held = new Map<string, number>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes
  }

  /** Holds bytes for a request; `undefined` when there is no room. */
  reserve(tenantId: string, bytes: number, priority: Priority = 'normal'): Reservation | undefined {
    let held = 0
    const reservation: Reservation = {
      resize: (next) => {
        if (next > held && !this.#hasRoom(tenantId, next - held, priority)) return false
        this.#add(tenantId, next - held)
        held = next
        return true
      },
      release: () => {
        this.#add(tenantId, -held)
        held = 0
      },
    }
    return reservation.resize(bytes) ? reservation : undefined
  }

  #hasRoom(tenantId: string, more: number, priority: Priority): boolean {
    const bytes = this.#bytes + more
    if (bytes > this.#maxBytes) return false
    const held = this.#held.get(tenantId) ?? 0
    // A request that is alone has all the room there is.
    if (bytes <= this.#maxBytes * HIGH_WATER || this.#bytes === held) return true
    return priority !== 'low' && held + more <= this.#maxBytes / (this.#held.size + (held === 0 ? 1 : 0))
  }

  #add(tenantId: string, bytes: number): void {
    this.#bytes += bytes
    const held = (this.#held.get(tenantId) ?? 0) + bytes
    if (held === 0) this.#held.delete(tenantId)
    else this.#held.set(tenantId, held)
  }
}
