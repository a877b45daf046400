import { type Point, PointFailed, PointSkipped, type Target } from './point.ts'

/** What became of one point. */
export interface PointResult {
  readonly id: number
  readonly group: string
  readonly title: string
  readonly spec: string
  readonly result: 'pass' | 'fail' | 'skip'
  /** Why it failed or was skipped. */
  readonly reason?: string
}

/** Checks every point, one after another, so that no point disturbs the next. */
export async function runPoints(points: readonly Point[], target: Target, onResult: (result: PointResult) => void): Promise<readonly PointResult[]> {
  const results: PointResult[] = []
  for (const { id, group, title, spec, check } of points) {
    const result = { id, group, title, spec, ...(await outcome(check, target)) }
    results.push(result)
    onResult(result)
  }
  return results
}

async function outcome(check: Point['check'], target: Target): Promise<Pick<PointResult, 'result' | 'reason'>> {
  try {
    await check(target)
    return { result: 'pass' }
  } catch (error) {
    if (error instanceof PointSkipped) return { result: 'skip', reason: error.message }
    const reason = error instanceof Error ? error.message : String(error)
    return { result: 'fail', reason: error instanceof PointFailed ? reason : `no usable answer: ${reason}` }
  }
}
