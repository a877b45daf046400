import type { Random } from '../random.ts'

/**
 * Draws ranks 1 to n by Zipf's law: rank k comes up in proportion to 1 / k^exponent. Exponent 0 makes all alike.
 * By inversion of the cumulative distribution, which is computed once.
 */
export function zipf(n: number, exponent: number, random: Random): () => number {
  const cumulative = new Float64Array(n)
  let sum = 0
  for (let rank = 1; rank <= n; rank++) {
    sum += rank ** -exponent
    cumulative[rank - 1] = sum
  }
  return () => {
    const target = random() * sum
    let low = 0
    let high = n - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (cumulative[middle]! > target) high = middle
      else low = middle + 1
    }
    return low + 1
  }
}
