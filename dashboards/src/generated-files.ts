import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { boards } from './boards.ts'
import { buildBoard } from './kit/board.ts'
import { readmeWith } from './readme.ts'

/** Where the JSON lies that Grafana loads. */
export const generatedDirectory = fileURLToPath(new URL('../generated', import.meta.url))
const readme = fileURLToPath(new URL('../README.md', import.meta.url))

/** A file that is made from the sources. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

/** Every generated file, as it must be on disk. */
export function generatedFiles(): readonly GeneratedFile[] {
  const dashboards = boards.map(buildBoard)
  return [
    ...dashboards.map((dashboard) => ({ path: join(generatedDirectory, `${dashboard.uid}.json`), text: `${JSON.stringify(dashboard, undefined, 2)}\n` })),
    { path: readme, text: readmeWith(readFileSync(readme, 'utf8'), dashboards) },
  ]
}
