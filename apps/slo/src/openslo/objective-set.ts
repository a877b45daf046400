import type { TierCatalog } from '../burn/tier-catalog.ts'
import type { Objective } from '../objective/objective.ts'
import { type OpenSloDocument, readOpenSlo } from './open-slo-document.ts'
import type { Problem } from './problem.ts'
import { resolveObjectives } from './resolve-objectives.ts'
import { parseYaml } from './yaml-source.ts'

/** A file of OpenSLO documents. */
export interface ObjectiveFile {
  readonly file: string
  readonly text: string
  /** The last text of this file that had no error; used in its place while it has one. */
  readonly lastGoodText?: string | undefined
}

/** What all files together say. */
export interface ObjectiveSet {
  readonly objectives: readonly Objective[]
  readonly problems: readonly Problem[]
  /** Files of which every document is right by itself. */
  readonly goodFiles: ReadonlySet<string>
}

/**
 * Reads files into objectives. A broken file is reported and does not touch the others.
 *
 * @param receivers - names of the targets that alerts can go to; policies that name others are told. Absent where nobody knows them.
 */
export function readObjectiveSet(files: readonly ObjectiveFile[], catalog: TierCatalog, receivers?: readonly string[]): ObjectiveSet {
  const problems: Problem[] = []
  const documents: OpenSloDocument[] = []
  const goodFiles = new Set<string>()
  for (const { file, text, lastGoodText } of files) {
    const read = readFile(file, text)
    if (read.failed && lastGoodText !== undefined) {
      problems.push(...read.problems())
      documents.push(...readFile(file, lastGoodText).documents)
      continue
    }
    if (!read.failed) goodFiles.add(file)
    problems.push(...read.documentless())
    documents.push(...read.documents)
  }
  const objectives = resolveObjectives(documents, catalog, receivers)
  // Only now have the documents collected what was found when they were joined.
  problems.push(...documents.flatMap(({ source }) => source.problems))
  return { objectives, problems, goodFiles }
}

function readFile(file: string, text: string): { documents: OpenSloDocument[]; failed: boolean; problems: () => Problem[]; documentless: () => Problem[] } {
  const sources = parseYaml(file, text)
  const documents = sources.flatMap((source) => readOpenSlo(source) ?? [])
  const used = new Set(documents.map(({ source }) => source))
  return {
    documents,
    failed: sources.some((source) => source.failed),
    problems: () => sources.flatMap((source) => source.problems),
    documentless: () => sources.filter((source) => !used.has(source)).flatMap((source) => source.problems),
  }
}
