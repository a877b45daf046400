/** Bytes held for one request, from its first byte to its answer. */
export interface Reservation {
  /** Now holds this many bytes; `false`, and unchanged, when there is no room. */
  resize(bytes: number): boolean
  release(): void
}

/** Bounds the bytes of all requests that are being read or wait for ClickHouse. */
export class Admission {
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes
  }


  /** Holds bytes for a request; `undefined` when there is no room. */
  reserve(bytes: number): Reservation | undefined {
    let held = 0
    const reservation: Reservation = {
      resize: (next) => {
        if (next > held && this.#bytes - held + next > this.#maxBytes) return false
        this.#bytes += next - held
        held = next
        return true
      },
      release: () => {
        this.#bytes -= held
        held = 0
      },
    }
    return reservation.resize(bytes) ? reservation : undefined
  }
}
