/** Which records are left out, and which stand for them. */
export interface Sampling {
  /** Of so many records one is kept, with a `SampleRate` so many times as high. Errors are all kept. At least 1, which keeps all. */
  readonly rate: number
  /** Spans that take as long are all kept, nanoseconds. */
  readonly keepSlowNanos: number
}
