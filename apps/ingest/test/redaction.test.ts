import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readRedaction } from '../src/redaction.ts'

const dir = mkdtempSync(join(tmpdir(), 'redaction-'))
afterAll(() => rmSync(dir, { recursive: true }))

let files = 0
function fileOf(content: unknown): string {
  const path = join(dir, `${files++}.json`)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

const read = (redactionFile: string, pseudonymSecret = '', redaction = true): readonly string[] | undefined =>
  readRedaction({ redaction, redactionFile, pseudonymSecret })?.rules.map(({ name }) => name)

test('without a file the built-in rule for names of secrets holds', () => {
  expect(read('')).toEqual(['credentials'])
})

test('a file adds rules before the built-in ones, and chooses those', () => {
  const rules = [{ name: 'mine', keys: ['session.id'], action: 'keep' }]
  expect(read(fileOf({ rules }))).toEqual(['mine', 'credentials'])
  expect(read(fileOf({ rules, builtIn: ['email', 'card_number'] }))).toEqual(['mine', 'email', 'card_number'])
  expect(read(fileOf({ builtIn: [] }))).toEqual([])
})

test('redaction can be off', () => {
  expect(read('', '', false)).toBeUndefined()
})

test('a rule that pseudonymises takes the secret', () => {
  const path = fileOf({ rules: [{ name: 'user', keys: ['user.id'], action: 'pseudonymise' }] })
  expect(read(path, 'a secret of the operator')).toEqual(['user', 'credentials'])
})

describe('the start is refused in one sentence when the file', () => {
  test.each<[string, string, RegExp]>([
    ['is not there', join(dir, 'none.json'), /^INGEST_REDACTION_FILE cannot be read: ENOENT/],
    ['is not JSON', fileOf('{'), /is not JSON; it must be \{ "builtIn"/],
    ['is a list', fileOf([]), /is not a JSON object/],
    ['has a mistyped field', fileOf({ rule: [] }), /has the unknown field "rule"/],
    ['names no built-in rule', fileOf({ builtIn: ['mail'] }), /no list of these: credentials, bearer, jwt, email, card_number/],
    ['has rules that are no list', fileOf({ rules: {} }), /has rules that are no list/],
    ['has a bad rule', fileOf({ rules: [{ name: 'r', valuePattern: '(', action: 'mask' }] }), /rule "r" has the pattern "\(", which is no RE2 expression/],
    ['pseudonymises without a secret', fileOf({ rules: [{ name: 'r', keys: ['a'], action: 'pseudonymise' }] }), /rule "r" pseudonymises.*INGEST_PSEUDONYM_SECRET/],
  ])('%s', (_, path, message) => {
    expect(() => read(path)).toThrow(message)
    expect(() => read(path)).toThrow(expect.objectContaining({ code: 'SETTING_INVALID' }) as Error)
  })

  test('is given although redaction is off', () => {
    expect(() => read(fileOf({}), '', false)).toThrow(/only one of them/)
  })
})
