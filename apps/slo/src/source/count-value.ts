import { SloError } from '../errors.ts'

/** @throws SloError COUNT_INVALID for what a double cannot hold exactly: better no figure than a wrong one. */
export function countValue(value: unknown, what: string): number {
  const count = Number(value)
  if (Number.isSafeInteger(count) && count >= 0 && value !== null && value !== '') return count
  throw new SloError('COUNT_INVALID', `ClickHouse counted ${String(value)} for ${what}, which is not a whole number from 0 to 2^53 − 1; look at the column SampleRate, or at the query of the objective.`)
}
