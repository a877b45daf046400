import { compare, complement, dividedBy, type Fraction, parseDecimal } from '../burn/fraction.ts'
import type { YamlField } from './yaml-field.ts'

const MAX_WEIGHT: Fraction = { numerator: 1000n, denominator: 1n }
const ONE: Fraction = { numerator: 1n, denominator: 1n }

/** Reads `target` or `targetPercent`, exactly. */
export function readTarget(objective: YamlField): Fraction | undefined {
  const [target, percent] = [objective.get('target'), objective.get('targetPercent')]
  const eitherOr = 'needs exactly one of target and targetPercent'
  if (!target.given && !percent.given) return objective.miss('target, targetPercent', eitherOr)
  if (target.given && percent.given) return objective.refuse(eitherOr, 'target, targetPercent')
  const field = target.given ? target : percent
  const allowed = target.given ? 'a decimal from 0 to below 1, such as 0.995' : 'a decimal from 0 to below 100, such as 99.5'
  const written = parseDecimal(field.digits() ?? '')
  if (written === undefined) return field.refuse('is not a plain decimal', allowed)
  const value = target.given ? written : dividedBy(written, 100n)
  return complement(value).numerator > 0n ? value : field.refuse('leaves no error budget', allowed)
}

/** Reads how much a part counts; 1 when nothing is said. */
export function readWeight(field: YamlField): Fraction | undefined {
  if (!field.given) return ONE
  const weight = parseDecimal(field.digits() ?? '')
  if (weight !== undefined && weight.numerator > 0n && compare(weight, MAX_WEIGHT) <= 0) return weight
  return field.refuse('is not a weight', `a plain decimal above 0 and up to ${MAX_WEIGHT.numerator}`)
}
