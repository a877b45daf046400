/** One measured figure of a benchmark. */
export interface BenchRow {
  readonly case: string
  readonly subject: string
  readonly value: number
  readonly unit: string
  /** Ours divided by the competitor's that `against` names. */
  readonly ratio?: number
  readonly against?: string
}
