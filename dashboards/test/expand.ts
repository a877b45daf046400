import { literal } from './literal.ts'

/** What a reader of a dashboard has chosen. */
export interface View {
  readonly fromS: number
  readonly toS: number
  /** Width of a pixel in time, as Grafana works it out, not below the panel's own least interval. Seconds. */
  readonly intervalS: number
  /** Values of each variable; `$__all` stands for All. */
  readonly variables: Readonly<Record<string, readonly string[]>>
}

/** Every macro that the data source documents and that our queries use, as its backend replaces it. */
const MACROS: Readonly<Record<string, (view: View, argument: string) => string>> = {
  timeFilter: ({ fromS, toS }, column) => `${column} >= toDateTime(${fromS}) AND ${column} <= toDateTime(${toS})`,
  timeInterval: ({ intervalS }, column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${Math.max(intervalS, 1)} second)`,
  interval_s: ({ intervalS }) => String(Math.max(intervalS, 1)),
  fromTime: ({ fromS }) => `toDateTime(${fromS})`,
  toTime: ({ toS }) => `toDateTime(${toS})`,
}

/**
 * Replaces macros and variables as Grafana and its ClickHouse data source 4.20 do: first `$__conditionalAll` and the variables in the browser,
 * then the macros in the backend. What is not known stays, so that the database refuses it.
 */
export function expand(sql: string, view: View): string {
  const values = (name: string): readonly string[] => view.variables[name] ?? []
  const conditional = replaceCalls(sql, 'conditionalAll', (argument) => {
    const comma = argument.lastIndexOf(',')
    const chosen = values(argument.slice(comma + 1).trim().replace(/^\$/, ''))
    return chosen.length === 0 || chosen.includes('$__all') ? '1=1' : argument.slice(0, comma)
  })
  let text = conditional
    .replaceAll(/\$\{(\w+):singlequote\}/g, (_, name: string) => values(name).map(literal).join(','))
    .replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => view.variables[name]?.join(',') ?? whole)
  for (const [name, macro] of Object.entries(MACROS)) {
    text = replaceCalls(text, name, (argument) => macro(view, argument))
    text = text.replaceAll(new RegExp(`\\$__${name}\\b`, 'g'), () => macro(view, ''))
  }
  return text
}

/** Replaces `$__name(…)`, with brackets inside the argument. */
function replaceCalls(sql: string, name: string, replacement: (argument: string) => string): string {
  const start = sql.indexOf(`$__${name}(`)
  if (start < 0) return sql
  const open = start + name.length + 3
  let depth = 0
  for (let index = open; index < sql.length; index++) {
    if (sql[index] === '(') depth++
    if (sql[index] === ')' && --depth === 0) {
      return sql.slice(0, start) + replacement(sql.slice(open + 1, index)) + replaceCalls(sql.slice(index + 1), name, replacement)
    }
  }
  throw new Error(`$__${name} is not closed in: ${sql}`)
}
