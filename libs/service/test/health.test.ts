import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskSpaceCheck, Health } from '../src/index.ts'

describe('health', () => {
  test('is ready when every check passes', async () => {
    const health = new Health()
    health.check('store', () => {})
    expect(await health.readiness()).toEqual({ status: 'ready', checks: { store: { ok: true } } })
  })

  test('a check that is not required is shown, and does not make the process not ready', async () => {
    const health = new Health()
    health.check('database', () => Promise.reject(new Error('away')), { required: false })
    expect(await health.readiness()).toEqual({ status: 'ready', checks: { database: { ok: false, message: 'away' } } })
  })

  test('says which check fails and why, and still runs the others', async () => {
    const health = new Health()
    health.check('store', () => Promise.reject(new Error('connection refused at 127.0.0.1:8123')))
    health.check('disk', () => {})
    expect(await health.readiness()).toEqual({
      status: 'not ready',
      checks: { store: { ok: false, message: 'connection refused at 127.0.0.1:8123' }, disk: { ok: true } },
    })
  })

  test('gives a check that hangs a deadline, and tells it', async () => {
    const health = new Health({ checkTimeoutMs: 10 })
    let told = false
    health.check('store', (signal) => new Promise(() => signal.addEventListener('abort', () => (told = true))))
    expect(await health.readiness()).toMatchObject({ status: 'not ready', checks: { store: { message: 'no answer from store within 10 ms' } } })
    expect(told).toBe(true)
  })

  test('asks again only when the last answer is old, so that probes are cheap', async () => {
    let now = 0
    let asked = 0
    const health = new Health({ cacheMs: 1000, now: () => now })
    health.check('store', () => {
      asked += 1
    })
    await Promise.all([health.readiness(), health.readiness()])
    now = 999
    await health.readiness()
    expect(asked).toBe(1)
    now = 1000
    await health.readiness()
    expect(asked).toBe(2)
  })

  test('is not ready from the moment it stops', async () => {
    const health = new Health()
    expect((await health.readiness()).status).toBe('ready')
    health.stop()
    expect((await health.readiness()).status).toBe('stopping')
  })

  test('says when the disk is almost full', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'ballast-disk-'))
    await expect(diskSpaceCheck(dir, 1)(AbortSignal.any([]))).resolves.toBeUndefined()
    await expect(diskSpaceCheck(dir, Number.MAX_SAFE_INTEGER)(AbortSignal.any([]))).rejects.toThrow(/^disk almost full: \d+ MiB free/)
  })
})
