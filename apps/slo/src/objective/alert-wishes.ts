/** Of what an objective's alert policies want people told. What they do not say is as the catalogue has it. */
export interface AlertWishes {
  /** That the budget burns, is low, or will be gone soon. @default true */
  readonly breaching?: boolean
  /** That an alert is over. @default true */
  readonly resolved?: boolean
  /** That events stay away. @default what the catalogue says */
  readonly noData?: boolean
}
