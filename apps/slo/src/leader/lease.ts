/** What asking for the lease gave. */
export type LeaseAnswer =
  /** This process has it. `token` grows with each new holder: who writes with a smaller one is refused. `previous` is the token before it, 0 for none. */
  | { readonly held: true; readonly token: number; readonly previous: number }
  | { readonly held: false; readonly holder: string }

/** The right to act, for a while: one process has it. */
export interface Lease {
  /** How long it lasts unless it is asked for again, milliseconds. */
  readonly durationMs: number
  /** Takes or renews it. @throws when it cannot be known who has it */
  acquire(): Promise<LeaseAnswer>
  /** Gives it up, if this process has it. */
  release(): Promise<void>
}

/** The lease of an engine that runs alone. */
export const soleLease: Lease = {
  durationMs: Number.POSITIVE_INFINITY,
  acquire: () => Promise.resolve({ held: true, token: 1, previous: 0 }),
  release: () => Promise.resolve(),
}
