/** The name that is nearest to a mistyped one, if any is near: same letters but for about a third of them. */
export function closestName(name: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance: edits }) => edits <= Math.max(1, Math.floor(name.length / 3)))
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.candidate
}

/** Levenshtein distance of two short words. */
function distance(a: string, b: string): number {
  if (a.length > 64 || b.length > 64) return 64
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 0; row < a.length; row++) {
    const current = [row + 1]
    for (let column = 0; column < b.length; column++) {
      const substituted = previous[column]! + (a[row] === b[column] ? 0 : 1)
      current.push(Math.min(previous[column + 1]! + 1, current[column]! + 1, substituted))
    }
    previous = current
  }
  return previous[b.length]!
}
