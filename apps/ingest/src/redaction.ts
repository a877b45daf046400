import { readFileSync } from 'node:fs'
import { type BuiltInRuleName, builtInRules, createRedaction, type Redaction, type RedactionRule, RedactionRuleError } from '@ballast/otlp'
import { SettingsError } from '@ballast/service'
import type { IngestConfig } from './config.ts'

/** What goes without being asked for: names that say that a value is a secret. Rules that search texts are for those who want them. */
const DEFAULT_BUILT_IN: readonly BuiltInRuleName[] = ['credentials']

/** The content of the file. */
interface RedactionFile {
  readonly builtIn: readonly BuiltInRuleName[]
  readonly rules: readonly RedactionRule[]
}

/**
 * The rules of redaction: those of the file, then the built-in ones. `undefined` when redaction is off.
 *
 * @throws SettingsError in one sentence when the file cannot be used.
 */
export function readRedaction({ redaction, redactionFile, pseudonymSecret }: Pick<IngestConfig, 'redaction' | 'redactionFile' | 'pseudonymSecret'>): Redaction | undefined {
  if (!redaction) {
    if (redactionFile === '') return undefined
    throw new SettingsError('SETTING_INVALID', ['INGEST_REDACTION is false, but INGEST_REDACTION_FILE names rules: set only one of them.'])
  }
  const { builtIn, rules } = redactionFile === '' ? { builtIn: DEFAULT_BUILT_IN, rules: [] } : parse(redactionFile, readText(redactionFile))
  try {
    return createRedaction({ rules: [...rules, ...builtIn.map((name) => builtInRules[name])], pseudonymSecret })
  } catch (error) {
    if (!(error instanceof RedactionRuleError)) throw error
    const hint = pseudonymSecret === '' ? ' Pseudonyms need INGEST_PSEUDONYM_SECRET.' : ''
    throw new SettingsError('SETTING_INVALID', [`INGEST_REDACTION_FILE (${redactionFile}): ${error.message}.${error.message.includes('pseudonymises') ? hint : ''}`])
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new SettingsError('SETTING_INVALID', [`INGEST_REDACTION_FILE cannot be read: ${(error as Error).message}.`])
  }
}

function parse(path: string, text: string): RedactionFile {
  const wrong = (what: string): SettingsError =>
    new SettingsError('SETTING_INVALID', [`INGEST_REDACTION_FILE (${path}) ${what}; it must be { "builtIn": [<names>], "rules": [<rules>] }, each of which may be left out.`])
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw wrong('is not JSON')
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) throw wrong('is not a JSON object')
  const unknown = Object.keys(parsed).find((field) => field !== 'builtIn' && field !== 'rules')
  if (unknown !== undefined) throw wrong(`has the unknown field ${JSON.stringify(unknown)}`)
  const { builtIn = DEFAULT_BUILT_IN, rules = [] } = parsed as { builtIn?: unknown; rules?: unknown }
  if (!isBuiltIn(builtIn)) throw wrong(`has a builtIn that is no list of these: ${Object.keys(builtInRules).join(', ')}`)
  if (!Array.isArray(rules)) throw wrong('has rules that are no list')
  return { builtIn, rules: rules as readonly RedactionRule[] }
}

function isBuiltIn(names: unknown): names is readonly BuiltInRuleName[] {
  return Array.isArray(names) && names.every((name) => typeof name === 'string' && Object.hasOwn(builtInRules, name))
}
