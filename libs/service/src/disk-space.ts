import { statfs } from 'node:fs/promises'
import type { HealthCheck } from './health.ts'

/**
 * A health check that fails when the file system of `path` has less than `minFreeBytes` left for this user.
 */
export function diskSpaceCheck(path: string, minFreeBytes: number): HealthCheck {
  return async () => {
    const { bavail, bsize } = await statfs(path)
    const freeBytes = bavail * bsize
    if (freeBytes < minFreeBytes) {
      throw new Error(`disk almost full: ${mebibytes(freeBytes)} free on the file system of ${path}, at least ${mebibytes(minFreeBytes)} needed`)
    }
  }
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`
}
