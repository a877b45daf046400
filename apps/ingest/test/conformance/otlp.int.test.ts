import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Target } from '../../src/conformance/point.ts'
import { points } from '../../src/conformance/points.ts'
import { runIngest, type RunningIngest } from '../running-ingest.ts'
import { insideIngest } from './inside-ingest.ts'

const MAX_BODY_BYTES = 5 * 2 ** 20
const ORIGIN = 'https://shop.example'

let ingest: RunningIngest
let inside: Awaited<ReturnType<typeof insideIngest>>
let target: Target

beforeAll(async () => {
  const env = { INGEST_MAX_BODY_BYTES: String(MAX_BODY_BYTES), INGEST_CORS_ORIGINS: ORIGIN }
  ingest = await runIngest({ clickhouseUrl: inject('clickhouseUrl'), database: `ingest_conformance_${process.pid}`, env })
  await ingest.untilReady()
  inside = await insideIngest(ingest)
  target = { url: ingest.url, grpcTarget: ingest.grpcTarget, headers: {}, maxBodyBytes: MAX_BODY_BYTES, origin: ORIGIN, inside }
})
afterAll(async () => {
  await inside.close()
  await ingest.clean()
})

test('the points are numbered from 1 to 48', () => {
  expect(points.map(({ id }) => id)).toEqual(Array.from({ length: 48 }, (_, index) => index + 1))
})

describe.each(['HTTP', 'JSON', 'protobuf', 'gRPC'] as const)('OTLP: %s', (group) => {
  test.each(points.filter((point) => point.group === group).map(({ id, title, check }) => [id, title, check] as const))('%i. %s', async (_id, _title, check) => {
    // A point that fails or is skipped rejects with the reason.
    await expect(check(target)).resolves.toBeUndefined()
  })
})

describe('the conformance runner', () => {
  const run = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const root = fileURLToPath(new URL('../../../..', import.meta.url))
    try {
      return { code: 0, ...(await promisify(execFile)(process.execPath, ['--conditions=@ballast/source', 'apps/ingest/src/conformance/conformance-cli.ts', ...args], { cwd: root })) }
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string }
    }
  }

  test('passes ingest, and skips with a reason what cannot be seen from outside', async () => {
    const { code, stdout } = await run('--target', ingest.url, '--grpc-target', ingest.grpcTarget, '--max-body', String(MAX_BODY_BYTES), '--origin', ORIGIN, '--json')
    const results = stdout.trim().split('\n').map((line) => JSON.parse(line) as { id: number; result: string; reason?: string })
    expect(results.filter(({ result }) => result === 'fail')).toEqual([])
    expect([code, results.length]).toEqual([0, points.length])
    expect(results.filter(({ result }) => result === 'pass').map(({ id }) => id)).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 17, 18, 19, 21, 23, 30, 31, 32, 34, 41, 42, 43]))
    expect(results.every(({ result, reason }) => result === 'pass' || (reason ?? '') !== '')).toBe(true)
  })

  test('fails a receiver that does otherwise, and says in what', async () => {
    // The right port, but nothing of OTLP under this path.
    const { code, stdout } = await run('--target', `${ingest.url}/elsewhere`)
    expect(code).toBe(1)
    expect(stdout).toMatch(/ 1 {2}HTTP +fail {2}traces, logs and metrics[^\n]*\n +JSON to \/v1\/traces: expected 200, got 404/)
    expect(stdout).toMatch(/42 {2}gRPC +skip [^\n]*\n +no gRPC address was given/)
  })

  test('explains itself, and refuses wrong arguments in a sentence', async () => {
    const cases = [
      [['--help'], 0, /--target URL/],
      [[], 2, /--target must be a URL/],
      [['--target', 'http://127.0.0.1:1', '--header', 'x'], 2, /"x" is not NAME=VALUE/],
      [['--target', 'http://127.0.0.1:1', '--max-body', 'many'], 2, /--max-body must be a number/],
      [['--tagret', 'x'], 2, /Unknown option '--tagret'/],
    ] as const
    const answers = await Promise.all(cases.map(([args]) => run(...args)))
    for (const [index, { code, stdout, stderr }] of answers.entries()) {
      const [, expected, says] = cases[index]!
      expect([code, stdout + stderr]).toEqual([expected, expect.stringMatching(says)])
    }
  })
})
