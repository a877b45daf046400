import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { root } from '../harness/ballast.ts'

/** Files of the repository below `folder` that end in `suffix`, as paths from the root. */
export function filesIn(folder: string, suffix: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((entry) => entry.endsWith(suffix) && !entry.includes('node_modules'))
    .map((entry) => `${folder}/${entry}`)
    .toSorted()
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Every document of a YAML file, merge keys resolved. @throws when it is not YAML. */
export function readYaml(path: string): unknown[] {
  return parseAllDocuments(readText(path), { merge: true, strict: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]!.message}`)
    return document.toJS() as unknown
  })
}
