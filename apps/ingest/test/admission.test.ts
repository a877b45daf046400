import { expect, test } from 'vitest'
import { Admission } from '../src/admission.ts'

test('one tenant cannot hold all the room, and who holds little gets the last quarter', () => {
  const admission = new Admission(100)
  const held = admission.reserve('b', 5)!
  expect(admission.reserve('noisy', 70)).toBeDefined()
  expect(admission.reserve('noisy', 10)).toBeUndefined()
  expect(admission.reserve('c', 10)).toBeDefined()
  expect(admission.reserve('c', 1, 'low')).toBeUndefined()
  expect(admission.reserve('c', 16)).toBeUndefined()
  expect(held.resize(15)).toBe(true)
  expect(held.resize(21)).toBe(false)
  expect(admission.bytes).toBe(95)
})

test('what is released can be held again, by a tenant alone to the last byte', () => {
  const admission = new Admission(100)
  const all = admission.reserve('a', 100)!
  expect(admission.reserve('a', 1)).toBeUndefined()
  all.release()
  all.release()
  expect([admission.bytes, admission.reserve('a', 100) === undefined]).toEqual([0, false])
})
