import { createLogger } from '@ballast/service'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Lease, LeaseAnswer } from '../src/leader/lease.ts'
import { Leadership } from '../src/leader/leadership.ts'

const LEASE_MS = 30_000
const mine = (token: number): LeaseAnswer => ({ held: true, token, previous: token - 1 })
const theirs: LeaseAnswer = { held: false, holder: 'other' }
const log = createLogger('slo', 'silent')

let nowMs: number
let answer: LeaseAnswer | Error
let asked: number
let lease: Lease
let leadership: Leadership

beforeEach(() => {
  ;[nowMs, asked, answer] = [0, 0, mine(1)]
  lease = {
    durationMs: LEASE_MS,
    acquire: () => {
      asked += 1
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    },
    release: () => Promise.resolve(),
  }
  leadership = new Leadership({ lease, log, monotonic: () => nowMs })
})

const away = new Error('Redis is away')
async function at(ms: number, given: LeaseAnswer | Error): Promise<string> {
  ;[nowMs, answer] = [ms, given]
  return (await leadership.campaign()).kind
}

describe('who acts', () => {
  test('is who has the lease, for as long as it lasts from before it was asked for', async () => {
    expect(await at(0, mine(1))).toBe('leading')
    nowMs = 10_000
    expect(leadership.remainingMs()).toBe(20_000)
    expect(await at(20_000, theirs)).toBe('following')
    expect(leadership.remainingMs()).toBe(0)
  })

  test('counts a lease from the question, however long the answer took', async () => {
    lease = { ...lease, acquire: () => Promise.resolve(((nowMs += 12_000), mine(1))) }
    leadership = new Leadership({ lease, log, monotonic: () => nowMs })
    await leadership.campaign()
    expect(leadership.remainingMs()).toBe(18_000)
  })

  test('goes on leading while Redis is away, then acts alone, and asks again', async () => {
    await at(0, mine(1))
    expect([await at(15_000, away), await at(29_999, away), await at(30_000, away)]).toEqual(['leading', 'leading', 'alone'])
    expect(await at(45_000, mine(2))).toBe('leading')
    expect(leadership.changes).toBe(3)
  })

  test('is everybody, when nobody could know who leads for as long as a lease', async () => {
    expect(await at(0, theirs)).toBe('following')
    expect([await at(15_000, away), await at(29_999, away), await at(30_000, away)]).toEqual(['following', 'following', 'alone'])
    expect(await at(45_000, theirs)).toBe('following')
  })

  test('is nobody new when a lease is renewed', async () => {
    await at(0, mine(1))
    await at(15_000, { held: true, token: 1, previous: 1 })
    expect([leadership.role, leadership.changes]).toEqual([mineRole, 1])
  })
})

const mineRole = { kind: 'leading', token: 1, previous: 0 }

describe('a side effect', () => {
  test('begins with enough of the lease left, which is renewed for it if need be', async () => {
    await at(0, mine(1))
    nowMs = 10_000
    expect([await leadership.mayAct(15_000), asked]).toEqual([true, 1])
    nowMs = 20_000
    expect([await leadership.mayAct(15_000), asked, leadership.remainingMs()]).toEqual([true, 2, LEASE_MS])
  })

  test('does not begin when another one has the lease by now', async () => {
    await at(0, mine(1))
    ;[nowMs, answer] = [40_000, theirs]
    expect(await leadership.mayAct(1000)).toBe(false)
    expect(leadership.role.kind).toBe('following')
  })

  test('does not begin after a write was refused, or after resigning', async () => {
    await at(0, mine(1))
    leadership.lost()
    expect(await leadership.mayAct(1000)).toBe(false)
    await at(1, mine(2))
    await leadership.resign()
    expect(await leadership.mayAct(1000)).toBe(false)
  })

  test('begins without a lease when this process acts alone', async () => {
    await at(0, theirs)
    await at(60_000, away)
    expect([await leadership.mayAct(1000), leadership.role.kind]).toEqual([true, 'alone'])
  })
})

test('who asks twice at once asks once', async () => {
  await Promise.all([leadership.campaign(), leadership.campaign()])
  expect(asked).toBe(1)
})
