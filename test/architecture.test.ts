import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { missingOptionalPackages } from '../scripts/lockfile.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Which package of ours may import which: the arrows of the architecture. Apps never import apps; published libraries import none of ours. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  'libs/cache': [],
  'libs/telemetry': [],
  'libs/clickhouse': [],
  'libs/service': [],
  'libs/otlp': ['@ballast/clickhouse'],
  'apps/ingest': ['@ballast/otlp', '@ballast/clickhouse', '@ballast/service', '@ballast/telemetry', '@ballast/cache'],
  'apps/slo': ['@ballast/clickhouse', '@ballast/service', '@ballast/telemetry', '@ballast/cache'],
  'apps/clickhouse-embedded': ['@ballast/service'],
  'apps/shop': ['@ballast/cache', '@ballast/telemetry', '@ballast/service'],
  dashboards: ['@ballast/clickhouse'],
}
const MAX_LINES = 300
const MAX_MEDIAN_LINES = 120
const MAX_P90_LINES = 250
const FORBIDDEN_NAMES = /^(utils?|helpers?|common|misc)(\.ts)?$/

interface Manifest {
  name: string
  exports?: Record<string, unknown>
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

interface SourceFile {
  readonly path: string
  readonly lines: number
  readonly imports: readonly string[]
  readonly text: string
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
}

function sourceFiles(folder: string): SourceFile[] {
  let entries: string[]
  try {
    entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
  return entries.filter((entry) => /\.m?ts$/.test(entry)).map((entry) => {
    const path = join(folder, entry)
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, lines: text.split('\n').length - 1, imports: importsOf(text) }
  })
}

/** Module specifiers of static, re-exporting and dynamic imports, and of what is resolved or required. */
function importsOf(text: string): string[] {
  const pattern = /(?:^|\n)\s*(?:import|export)\s[^'";]*?\bfrom\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\b(?:import|require|require\.resolve)\(\s*['"]([^'"]+)['"]/g
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3]!)
}

const packageOf = (specifier: string): string => specifier.split('/').slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
const isBuiltin = (specifier: string): boolean => specifier.startsWith('node:') || builtinModules.includes(specifier)
const folders = Object.keys(ARROWS)
const manifests = new Map(folders.map((folder) => [folder, readManifest(folder)]))
const folderOfPackage = new Map([...manifests].map(([folder, manifest]) => [manifest.name, folder]))

test('every package of the repository has its arrows written down here', () => {
  const onDisk = ['libs', 'apps'].flatMap((kind) => readdirSync(join(root, kind)).map((name) => `${kind}/${name}`)).concat('dashboards')
  expect(onDisk.toSorted()).toEqual(folders.toSorted())
})

describe.each(folders)('%s', (folder) => {
  const manifest = manifests.get(folder)!
  const sources = sourceFiles(`${folder}/src`)
  const supporting = [...sourceFiles(`${folder}/test`), ...sourceFiles(`${folder}/bench`)]

  test('imports only the packages below it', () => {
    const used = new Set(sources.flatMap((file) => file.imports.filter((name) => name.startsWith('@ballast/')).map(packageOf)))
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }).filter((name) => name.startsWith('@ballast/'))
    const upward = [...used, ...declared].filter((name) => name !== manifest.name && !ARROWS[folder]!.includes(name))
    expect(upward).toEqual([])
  })

  test('declares every package that its sources import', () => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    expect(undeclared(sources, declared)).toEqual([])
    const forTests = [...declared, ...Object.keys(manifest.devDependencies ?? {}), ...Object.keys(readManifest('.').devDependencies ?? {})]
    expect(undeclared(supporting, forTests)).toEqual([])
  })

  test('imports every dependency that it declares', () => {
    const used = new Set([...sources, ...supporting].flatMap((file) => file.imports.filter((name) => !name.startsWith('.')).map(packageOf)))
    expect(Object.keys(manifest.dependencies ?? {}).filter((name) => !used.has(name))).toEqual([])
  })

  test('reaches other packages through their exports only, and stays inside its own folder', () => {
    const wrong: string[] = []
    for (const file of sources) {
      for (const specifier of file.imports) {
        if (specifier.startsWith('.')) {
          if (relative(`${folder}/src`, join(dirname(file.path), specifier)).startsWith('..')) wrong.push(`${file.path}: ${specifier}`)
        } else if (specifier.startsWith('@ballast/')) {
          const exported = Object.keys(manifests.get(folderOfPackage.get(packageOf(specifier)) ?? '')?.exports ?? {})
          if (!exported.includes(`.${specifier.slice(packageOf(specifier).length)}`)) wrong.push(`${file.path}: ${specifier}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  test('has no import cycle', () => {
    expect(firstCycle(sources)).toBeUndefined()
  })

  test('has small files, named after what they hold', () => {
    const sizes = sources.map((file) => file.lines).toSorted((a, b) => a - b)
    expect(sources.filter((file) => file.lines > MAX_LINES).map((file) => `${file.path}: ${file.lines} lines`)).toEqual([])
    expect(sizes[Math.floor(sizes.length / 2)] ?? 0).toBeLessThanOrEqual(MAX_MEDIAN_LINES)
    expect(sizes[Math.floor(sizes.length * 0.9)] ?? 0).toBeLessThanOrEqual(MAX_P90_LINES)
    const misnamed = sources.flatMap((file) => file.path.split('/').filter((part) => FORBIDDEN_NAMES.test(part) || /[A-Z_]/.test(part)))
    expect(misnamed).toEqual([])
  })

  test('has no barrel but its entry point', () => {
    expect(sources.filter((file) => basename(file.path) === 'index.ts').map((file) => file.path)).toEqual(folder.startsWith('libs/') ? [`${folder}/src/index.ts`] : [])
    expect(sources.filter((file) => /export \* from/.test(file.text)).map((file) => file.path)).toEqual([])
  })

  test('reads the environment in its entry points only', () => {
    const readers = sources.filter((file) => /process\.env\b/.test(file.text.replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, ''))).map((file) => basename(file.path))
    expect(readers.filter((name) => name !== 'main.ts' && !name.endsWith('-cli.ts'))).toEqual([])
  })
})

test('the lockfile holds the packages of every platform', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Parameters<typeof missingOptionalPackages>[0]
  expect(missingOptionalPackages(lock).map(({ name }) => name), 'run: node scripts/complete-lockfile.mjs').toEqual([])
})

function undeclared(files: readonly SourceFile[], declared: readonly string[]): string[] {
  return files.flatMap((file) =>
    file.imports
      .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier) && !declared.includes(packageOf(specifier)))
      .map((specifier) => `${file.path}: ${specifier}`),
  )
}

/** Depth-first search over relative imports; returns the first cycle found as a list of files. */
function firstCycle(files: readonly SourceFile[]): string[] | undefined {
  const edges = new Map(files.map((file) => [file.path, file.imports.filter((name) => name.startsWith('.')).map((name) => join(dirname(file.path), name))]))
  const finished = new Set<string>()
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path]
    if (finished.has(path)) return undefined
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path])
      if (cycle !== undefined) return cycle
    }
    finished.add(path)
    return undefined
  }
  for (const path of edges.keys()) {
    const cycle = visit(path, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}
