import type { BlockBuilder } from '@ballast/clickhouse'
import type { Tally } from '../../record/tally.ts'
import type { TranscodeOptions } from '../../transcoded-block.ts'
import type { MetricFields } from './metric-fields.ts'
import type { PointColumns } from './point-columns.ts'

/** Writes the data points of one kind of metric into its table. */
export interface PointWriter {
  readonly table: string
  readonly builder: BlockBuilder
  readonly columns: PointColumns
  /** Begins an empty block. */
  begin(options: TranscodeOptions, tally: Tally): void
  /** Writes the data point `source[start, stop)`, or sets the flaw; `false` when no row was written. */
  write(source: Buffer, start: number, stop: number, metric: MetricFields): boolean
}
