import type { Settings } from './settings.ts'

/** The text of `--help`: what the app is and a table of its environment variables. */
export function settingsHelp(name: string, description: string, settings: readonly Settings[]): string {
  const rows = settings.flatMap((group) => group.describe())
  const width = Math.max(...rows.map((row) => row.variable.length))
  const lines = rows.map((row) => `  ${row.variable.padEnd(width)}  ${row.help}\n  ${' '.repeat(width)}  default: ${row.default}; allowed: ${row.allowed}`)
  return `${name}: ${description}\n\nIt is configured by environment variables:\n\n${lines.join('\n')}\n`
}
