import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { boards } from './boards.ts'
import { buildBoard } from './kit/board.ts'

/** Where the JSON lies that Grafana loads. */
export const generatedDirectory = fileURLToPath(new URL('../generated', import.meta.url))

/** A file that is made from the sources. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

/** Every generated file, as it must be on disk. */
export function generatedFiles(): readonly GeneratedFile[] {
  return boards.map((board) => ({ path: join(generatedDirectory, `${board.uid}.json`), text: `${JSON.stringify(buildBoard(board), undefined, 2)}\n` }))
}
