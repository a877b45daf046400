/** Terms of the continued fraction at most; it converges in about the square root of the larger argument. */
const MAX_TERMS = 100_000
const EPSILON = 1e-15
const TINY = 1e-300

/**
 * Probability of `successes` or more in `trials` of a probability each: `P(X ≥ k) = I_p(k, n − k + 1)`, the regularised incomplete beta
 * function, by its continued fraction (Lentz; DLMF 8.17.22).
 */
export function binomialTail(successes: number, trials: number, probability: number): number {
  if (successes <= 0) return 1
  if (successes > trials || probability <= 0) return 0
  if (probability >= 1) return 1
  return incompleteBeta(successes, trials - successes + 1, probability)
}

function incompleteBeta(a: number, b: number, x: number): number {
  // The fraction converges fast on this side only; the other side is its complement.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, 1 - x)
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a
  let c = 1
  let d = guarded(1 - ((a + b) * x) / (a + 1))
  d = 1 / d
  let fraction = d
  for (let m = 1; m <= MAX_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / guarded(1 + even * d)
    c = guarded(1 + even / c)
    fraction *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / guarded(1 + odd * d)
    c = guarded(1 + odd / c)
    const step = d * c
    fraction *= step
    if (Math.abs(step - 1) < EPSILON) break
  }
  return Math.min(1, front * fraction)
}

function guarded(value: number): number {
  return Math.abs(value) < TINY ? TINY : value
}

const LANCZOS = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7]

/** Logarithm of the gamma function for arguments from 1 (Lanczos, g = 7). */
function logGamma(z: number): number {
  const x = z - 1
  const series = LANCZOS.slice(1).reduce((sum, coefficient, index) => sum + coefficient / (x + index + 1), LANCZOS[0]!)
  const t = x + 7.5
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(series)
}
