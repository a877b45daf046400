import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection, NativeEngine } from './native.ts'

/** Threads that merge parts: no more than a small machine can spare. */
export const MERGE_THREADS = 2

/** What the engine calls them. */
const NAME = 'MergeMutate'

/** How far they are behind everything else: while all processors are busy a merge gets a tenth of one. */
const STEPS = 10

/** Time that the engine may take to start them, milliseconds. */
const START_MS = 2000

const THREADS = '/proc/self/task'

/**
 * Lets queries and inserts have the processors before merges, which take what is left. A burst is stored sooner and merged when it is over, and what
 * is merged later is merged in fewer, larger steps. When a burst does not end, parts become so many that the engine slows inserts down, and merges
 * get their time.
 *
 * The engine's own setting for this (`os_threads_nice_value_merge_mutate`) does nothing without CAP_SYS_NICE; stepping back needs no right. Threads have
 * priorities on Linux alone; elsewhere nothing is done.
 */
export async function stepMergesBack(native: NativeEngine, connection: Connection): Promise<void> {
  if (!existsSync(THREADS)) return
  // The engine starts its threads for merges with the first table of parts.
  native.QueryWithConnection(connection, 'CREATE TEMPORARY TABLE ballast_merge_threads (n UInt8) ENGINE = MergeTree ORDER BY n', 'Null')
  native.QueryWithConnection(connection, 'DROP TEMPORARY TABLE ballast_merge_threads', 'Null')
  const startedAt = performance.now()
  let threads = mergeThreads()
  while (threads.length < MERGE_THREADS && performance.now() - startedAt < START_MS) {
    await delay(5)
    threads = mergeThreads()
  }
  for (const thread of threads) setPriority(thread, Math.min(19, getPriority() + STEPS))
}

function mergeThreads(): readonly number[] {
  return readdirSync(THREADS).filter((thread) => nameOf(thread) === NAME).map(Number)
}

/** A thread that has ended meanwhile has no name. */
function nameOf(thread: string): string {
  try {
    return readFileSync(`${THREADS}/${thread}/comm`, 'utf8').trimEnd()
  } catch {
    return ''
  }
}
