import { existsSync, globSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { materializedViews, tables } from '@ballast/clickhouse'
import { metrics as metricsApi } from '@opentelemetry/api'
import { type Settings, startMetrics } from '@ballast/service'
import { root } from '../harness/ballast.ts'
import { readText } from './files.ts'

/** Every document that a reader is led to. */
export const documents: readonly string[] = globSync(['*.md', '{apps,libs,infra,docs,dashboards,examples}/**/*.md'], { cwd: root, exclude: (path) => path.includes('node_modules') }).toSorted()

const sources = globSync(['{apps,libs,scripts}/**/*.{ts,mjs}', 'dashboards/src/**/*.ts'], { cwd: root, exclude: (path) => /node_modules|dist/.test(path) }).map((path) => [path, readText(path)] as const)

/** Codes of every error, which look like variables. */
export const errorCodes: ReadonlySet<string> = new Set(sources.filter(([path]) => path.endsWith('/errors.ts')).flatMap(([, text]) => [...text.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([code]) => code)))

/** The anchor that a heading gets. */
function anchorOf(heading: string): string {
  return heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
}

/** Links of a document that lead nowhere: no such file, or no such heading in it. */
export function brokenLinks(path: string): string[] {
  const text = readText(path).replaceAll(/```[\s\S]*?```/g, '').replaceAll(/`[^`\n]*`/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => {
    if (/^(https?|mailto):/.test(target)) return false
    const [file, anchor] = target.split('#') as [string, string?]
    const found = file === '' ? path : join(dirname(path), file)
    if (!existsSync(join(root, found))) return true
    if (anchor === undefined) return false
    return statSync(join(root, found)).isDirectory() || ![...readText(found).matchAll(/^#+ (.*)$/gm)].some(([, heading]) => anchorOf(heading!) === anchor)
  })
}

/** Names in code style, and words in code blocks. */
export function codeWords(path: string): string[] {
  return [...readText(path).matchAll(/```[\s\S]*?```|`[^`\n]+`/g)].flatMap(([code]) => code.match(/[\w.]+/g) ?? [])
}

/**
 * Names of every metric the code makes, as Prometheus reads them: each instrument of the sources is made and recorded once, and the real exporter names it.
 */
export async function metricNames(): Promise<Set<string>> {
  const exporter = startMetrics('names')
  const meter = metricsApi.getMeter('names')
  for (const [path, text] of sources) {
    if (/\/(test|bench)\//.test(path)) continue
    for (const [, kind, quoted, rest] of text.matchAll(/\.create(\w+)\(\s*(['`][^'`]+['`])([^)]*)/g)) {
      const unit = /unit(?:: '([^']+)'|,)/.exec(rest!)?.[1]
      for (const name of ['span', 'log'].map((signal) => quoted!.slice(1, -1).replace('${signal}', signal))) {
        const options = unit === undefined ? {} : { unit }
        if (kind === 'Counter' || kind === 'UpDownCounter') meter[`create${kind}`](name, options).add(1)
        else if (kind === 'Histogram' || kind === 'Gauge') meter[`create${kind}`](name, options).record(1)
        else if (kind === 'ObservableCounter' || kind === 'ObservableGauge' || kind === 'ObservableUpDownCounter') meter[`create${kind}`](name, options).addCallback((result) => result.observe(1))
      }
    }
  }
  const text = await exporter.text()
  await exporter.shutdown()
  const names = new Set([...text.matchAll(/^# TYPE (\S+) (\S+)/gm)].flatMap(([, name, type]) => (type === 'histogram' ? [name!, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!])))
  return names
}

/** Every variable that the apps, the launcher and the migration command read, with the file variants of secrets. */
export async function settingNames(): Promise<Set<string>> {
  const names = new Set(['LOG_LEVEL', 'SHUTDOWN_TIMEOUT'])
  for (const path of [...globSync('apps/*/src/config.ts', { cwd: root }), 'scripts/stack/settings.ts']) {
    const exported = Object.values((await import(join(root, path))) as Record<string, unknown>).filter((each): each is Settings => typeof each === 'object' && each !== null && 'fields' in each)
    for (const { fields } of exported) for (const field of Object.values(fields)) for (const name of field.secret ? [field.variable, `${field.variable}_FILE`] : [field.variable]) names.add(name)
  }
  return names
}

/** Every table and view, with the columns of each. */
export function schemaNames(): { tables: Set<string>; columns: Set<string> } {
  const all = Object.values(tables)
  return {
    tables: new Set([...all.map(({ name }) => name), ...materializedViews.map(({ name }) => name), 'ballast_migrations']),
    columns: new Set(all.flatMap(({ columns }) => columns.flatMap((column) => [column.name, ...(column.nested ?? []).map((field) => `${column.name}.${field.name}`)]))),
  }
}

/** Uids of the generated dashboards; none before there are any. */
export function dashboardUids(): string[] {
  const folder = join(root, 'dashboards/generated')
  return existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.json')).map((file) => basename(file, '.json')) : []
}

/** Scripts of the root's package.json. */
export function npmScripts(): string[] {
  return Object.keys((JSON.parse(readText('package.json')) as { scripts: Record<string, string> }).scripts)
}
