import { SettingsError } from '../errors.ts'
import { closestName } from './closest-name.ts'
import { rawSetting, variablesOf } from './secret-file.ts'
import type { Setting } from './setting.ts'

type Fields = Readonly<Record<string, Setting<unknown>>>

/** The configuration object that a set of settings reads into. */
export type ConfigOf<S> = S extends Settings<infer F> ? { readonly [K in keyof F]: F[K] extends Setting<infer T> ? T : never } : never

/** A declared, named set of settings: the schema of one app's environment. */
export interface Settings<F extends Fields = Fields> {
  /** Variables that start with this belong to this app alone, so an unknown one is a mistake. `undefined`: no such check. */
  readonly prefix: string | undefined
  readonly fields: F
  /**
   * Reads and validates the environment. A secret, and a URL, may be in the file that `<variable>_FILE` names instead.
   *
   * @throws SettingsError naming the variable, its value (never a secret's) and what is allowed.
   */
  read(env: Readonly<Record<string, string | undefined>>): ConfigOf<Settings<F>>
  /** One row a setting, for `--help` and the documentation. */
  describe(): readonly { variable: string; help: string; allowed: string; default: string }[]
}

/**
 * Declares an app's settings.
 *
 * @param prefix - e.g. `INGEST_`: an environment variable that starts with it and is not declared stops the start,
 *   so that a typing mistake cannot pass for a default.
 */
export function defineSettings<const F extends Fields>(prefix: string | undefined, fields: F): Settings<F> {
  const declared = Object.values(fields).flatMap(variablesOf)
  return {
    prefix,
    fields,
    read(env) {
      const problems: string[] = []
      const config: Record<string, unknown> = {}
      for (const [key, field] of Object.entries(fields)) {
        const raw = rawSetting(field, env)
        if ('problem' in raw) {
          problems.push(raw.problem)
          continue
        }
        const value = raw.text === undefined ? field.fallback : field.parse(raw.text)
        if (value === undefined) problems.push(problemWith(field, raw.text))
        config[key] = value
      }
      if (problems.length > 0) throw new SettingsError(problems.some((p) => p.includes(' is not set')) ? 'SETTING_MISSING' : 'SETTING_INVALID', problems)
      if (prefix !== undefined) refuseUnknown(env, prefix, declared)
      return Object.freeze(config) as ConfigOf<Settings<F>>
    },
    describe: () =>
      Object.values(fields).map((field) => ({
        variable: field.variable,
        help: field.help,
        allowed: field.allowed,
        default: field.fallbackText,
      })),
  }
}

function problemWith(field: Setting<unknown>, raw: string | undefined): string {
  if (raw === undefined) return `${field.variable} is not set; it is required (${field.help}); allowed: ${field.allowed}.`
  const shown = field.secret ? 'its value (not shown)' : JSON.stringify(raw)
  return `${field.variable} is ${shown}, which is not allowed; allowed: ${field.allowed}.`
}

function refuseUnknown(env: Readonly<Record<string, string | undefined>>, prefix: string, declared: readonly string[]): void {
  const unknown = Object.keys(env).filter((name) => name.startsWith(prefix) && !declared.includes(name))
  if (unknown.length > 0) throw new SettingsError('SETTING_UNKNOWN', unknown.map((name) => unknownSetting(name, prefix, declared)))
}

function unknownSetting(name: string, prefix: string, declared: readonly string[]): string {
  const suggestion = closestName(name, declared)
  const hint = suggestion === undefined ? `the settings that start with ${prefix} are ${declared.filter((d) => d.startsWith(prefix)).join(', ')}` : `did you mean ${suggestion}?`
  return `${name} is not a setting; ${hint}${hint.endsWith('?') ? '' : '.'}`
}
