import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bytes, choice, defineSettings, duration, flag, integer, port, secret, SettingsError, text, url } from '../src/index.ts'

const settings = defineSettings('DEMO_', {
  port: port('DEMO_PORT', { default: 8080, help: 'where it listens' }),
  timeoutMs: duration('DEMO_TIMEOUT', { default: 500, minMs: 1, maxMs: 60_000, help: 'how long it waits' }),
  maxBytes: bytes('DEMO_MAX_BYTES', { default: 1024, minBytes: 1, help: 'largest body' }),
  workers: integer('DEMO_WORKERS', { default: 2, min: 1, max: 64, help: 'workers' }),
  mode: choice('DEMO_MODE', { default: 'fast', values: ['fast', 'safe'], help: 'mode' }),
  verbose: flag('DEMO_VERBOSE', { default: false, help: 'says more' }),
  name: text('DEMO_NAME', { default: 'demo', pattern: /^[a-z]+$/, allowed: 'lower-case letters', help: 'its name' }),
  password: secret('DATABASE_PASSWORD', { default: '', help: 'password of the database' }),
  database: url('DATABASE_URL', { default: 'http://127.0.0.1:8123', protocols: ['http:', 'https:'], help: 'the database' }),
})

function problemsOf(env: Record<string, string>): { code: string; problems: readonly string[] } {
  try {
    settings.read(env)
  } catch (error) {
    if (error instanceof SettingsError) return { code: error.code, problems: error.problems }
    throw error
  }
  throw new Error('the settings were accepted')
}

describe('settings', () => {
  test('have their defaults in an empty environment, and an empty variable counts as unset', () => {
    const config = settings.read({ DEMO_PORT: ' ' })
    expect(config).toMatchObject({ port: 8080, timeoutMs: 500, maxBytes: 1024, workers: 2, mode: 'fast', verbose: false, name: 'demo' })
    expect(Object.isFrozen(config)).toBe(true)
  })

  test('are read in their units', () => {
    const config = settings.read({ DEMO_PORT: '0', DEMO_TIMEOUT: '2s', DEMO_MAX_BYTES: '64MiB', DEMO_VERBOSE: 'true', DEMO_MODE: 'safe', DEMO_WORKERS: '64' })
    expect(config).toMatchObject({ port: 0, timeoutMs: 2000, maxBytes: 64 * 2 ** 20, verbose: true, mode: 'safe', workers: 64 })
    expect(settings.read({ DEMO_TIMEOUT: '250' }).timeoutMs).toBe(250)
    expect(settings.read({ DEMO_TIMEOUT: '0.5m' }).timeoutMs).toBe(30_000)
  })

  test.each([
    ['DEMO_PORT', '70000', 'a port number, 0 to 65535'],
    ['DEMO_PORT', '80a', 'a port number, 0 to 65535'],
    ['DEMO_TIMEOUT', '5 parsecs', 'a duration such as 500ms'],
    ['DEMO_TIMEOUT', '2h', 'a duration such as 500ms'],
    ['DEMO_MAX_BYTES', '1.5GB', 'a size such as 512KiB'],
    ['DEMO_WORKERS', '-1', 'a whole number, 1 to 64'],
    ['DEMO_MODE', 'reckless', 'fast, safe'],
    ['DEMO_VERBOSE', 'yes', 'true or false'],
    ['DEMO_NAME', 'Demo', 'lower-case letters'],
  ])('%s=%s is refused with the variable, the value and what is allowed', (variable, value, allowed) => {
    const { code, problems } = problemsOf({ [variable]: value })
    expect(code).toBe('SETTING_INVALID')
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`${variable} is ${JSON.stringify(value)}, which is not allowed; allowed: ${allowed}`)
  })

  test('describe their defaults as a person would write them', () => {
    const defaults = Object.fromEntries(settings.describe().map((row) => [row.variable, row.default]))
    expect(defaults).toMatchObject({ DEMO_TIMEOUT: '500ms', DEMO_MAX_BYTES: '1KiB', DEMO_PORT: '8080', DEMO_VERBOSE: 'false', DATABASE_PASSWORD: '(empty)' })
    const [day, size] = defineSettings(undefined, { day: duration('DAY', { default: 7_200_000, help: '' }), size: bytes('SIZE', { default: 1258291200, help: '' }) }).describe()
    expect([day?.default, size?.default]).toEqual(['2h', '1200MiB'])
  })

  test('are all reported at once', () => {
    expect(problemsOf({ DEMO_PORT: 'x', DEMO_MODE: 'y' }).problems).toHaveLength(2)
  })

  test('never show a secret, nor a URL that may carry one', () => {
    const { problems } = problemsOf({ DATABASE_URL: 'ftp://user:hunter2@db' })
    expect(problems[0]).toContain('DATABASE_URL is its value (not shown)')
    expect(problems.join()).not.toContain('hunter2')
  })

  test('that are required and missing are named with what they are for', () => {
    const strict = defineSettings('X_', { key: secret('X_KEY', { help: 'the key' }) })
    expect(() => strict.read({})).toThrow('X_KEY is not set; it is required (the key)')
  })

  test('that nobody declared are refused, with the likely meant one', () => {
    const { code, problems } = problemsOf({ DEMO_PROT: '8080' })
    expect(code).toBe('SETTING_UNKNOWN')
    expect(problems).toEqual(['DEMO_PROT is not a setting; did you mean DEMO_PORT?'])
    expect(problemsOf({ DEMO_ENTIRELY_ELSE: '1' }).problems[0]).toContain('the settings that start with DEMO_ are DEMO_PORT, ')
    expect(() => settings.read({ OTHER_APP_PORT: '1' })).not.toThrow()
  })

  test('that are secret may be in a file, as containers get them', () => {
    const dir = mkdtempSync(join(tmpdir(), 'settings-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    writeFileSync(join(dir, 'password'), 'hunter2\n')
    writeFileSync(join(dir, 'url'), 'http://user:hunter2@db:8123')
    const config = settings.read({ DATABASE_PASSWORD_FILE: join(dir, 'password'), DATABASE_URL_FILE: join(dir, 'url') })
    expect(config).toMatchObject({ password: 'hunter2', database: 'http://user:hunter2@db:8123' })
    const strict = defineSettings('X_', { key: secret('X_KEY', { help: 'the key' }) })
    expect(strict.read({ X_KEY_FILE: join(dir, 'password') }).key).toBe('hunter2')

    expect(problemsOf({ DATABASE_PASSWORD: 'a', DATABASE_PASSWORD_FILE: join(dir, 'password') }).problems).toEqual(['DATABASE_PASSWORD and DATABASE_PASSWORD_FILE are both set; set one of them.'])
    expect(problemsOf({ DATABASE_PASSWORD_FILE: join(dir, 'nowhere') }).problems[0]).toMatch(/^DATABASE_PASSWORD_FILE cannot be read: ENOENT/)
    expect(problemsOf({ DEMO_NAME_FILE: join(dir, 'password') }).code).toBe('SETTING_UNKNOWN')
  })
})
