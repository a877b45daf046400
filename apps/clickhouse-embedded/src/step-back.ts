import { readFileSync, writeFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/**
 * Lets other processes have the processors first. Threads inherit it, so it comes before the engine makes its own.
 *
 * On Linux sessions share the processors before threads do ("autogroup" in sched(7)), and between sessions `nice` counts for
 * nothing. So the session steps back as well, if it is this process's own: started as a service, or by `startApp`.
 *
 * @param nice - 0 for not at all, to 19.
 */
export function stepBack(nice: number): void {
  if (nice === 0) return
  // Never forward again: whoever started this may have stepped back further, and only root may undo that.
  setPriority(Math.max(nice, getPriority()))
  try {
    if (sessionOf(readFileSync('/proc/self/stat', 'utf8')) === process.pid) writeFileSync('/proc/self/autogroup', String(nice))
  } catch {
    // A system without autogroups: there nice is enough.
  }
}

/** The sixth field of /proc/self/stat; the second, the name, may hold spaces and brackets. */
function sessionOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3])
}
