import { readFileSync } from 'node:fs'
import type { Setting } from './setting.ts'

/** The variables a setting is read from: its own and, for a secret, one that names a file, because containers get secrets as files. */
export function variablesOf(setting: Setting<unknown>): readonly [string] | readonly [string, string] {
  return setting.secret ? [setting.variable, `${setting.variable}_FILE`] : [setting.variable]
}

/** The text of a setting, or a sentence that says why there is none. */
export type RawSetting = { readonly text: string | undefined } | { readonly problem: string }

/** Reads a setting's variable, or for a secret one the file that `<variable>_FILE` names. Surrounding white space does not count. */
export function rawSetting(setting: Setting<unknown>, env: Readonly<Record<string, string | undefined>>): RawSetting {
  const [variable, fileVariable] = variablesOf(setting)
  const text = nonEmpty(env[variable])
  const path = fileVariable === undefined ? undefined : nonEmpty(env[fileVariable])
  if (path === undefined) return { text }
  if (text !== undefined) return { problem: `${variable} and ${fileVariable} are both set; set one of them.` }
  try {
    return { text: nonEmpty(readFileSync(path, 'utf8')) }
  } catch (error) {
    return { problem: `${fileVariable} cannot be read: ${(error as Error).message}.` }
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  const trimmed = text?.trim()
  return trimmed === '' ? undefined : trimmed
}
