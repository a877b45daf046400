import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, matchesGlob } from 'node:path'
import { root } from '../harness/ballast.ts'

/** One instruction of a Dockerfile: its name and the rest of its line. */
export interface Instruction {
  readonly name: string
  readonly rest: string
}

/** One stage: what it starts from, what it is called, what it does. */
export interface Stage {
  readonly from: string
  readonly name: string
  readonly instructions: readonly Instruction[]
}

/** Reads a Dockerfile of plain one-line instructions, as ours is. */
export function readDockerfile(path = join(root, 'Dockerfile')): Stage[] {
  const stages: { from: string; name: string; instructions: Instruction[] }[] = []
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, name, rest] = /^([A-Z]+) (.*[^\\])$/.exec(line) ?? []
    if (name === undefined || rest === undefined) throw new Error(`not a plain instruction on one line: ${line}`)
    if (name !== 'FROM') stages.at(-1)!.instructions.push({ name, rest })
    else {
      const [, from, stage] = /^(\S+) AS (\S+)$/.exec(rest) ?? []
      stages.push({ from: from!, name: stage!, instructions: [] })
    }
  }
  return stages
}

/** What Docker would send to the build: the repository's files that .dockerignore does not name. */
export function copyContext(to: string): void {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n').filter(Boolean)
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  for (const file of files) {
    if (ignored.some((pattern) => matchesGlob(file, pattern) || matchesGlob(file, `${pattern}/**`))) continue
    mkdirSync(dirname(join(to, file)), { recursive: true })
    cpSync(join(root, file), join(to, file))
  }
}
