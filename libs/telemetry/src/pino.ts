import { trace } from '@opentelemetry/api'
import type { DestinationStream, Level, LevelWithSilent } from 'pino'
import { onWorkEnd } from './emission/work-listeners.ts'
import { LineRing } from './log/line-ring.ts'
import { workStorage } from './work/current-work.ts'
import type { Work } from './work/work.ts'

/** Options of {@link workLogs}. */
export interface WorkLogsOptions {
  /** Lines from this level on are written at once. Can be changed while the process runs. @default 'info' */
  readonly level?: LevelWithSilent
  /** Where lines go, e.g. `pino.destination(1)`. */
  readonly destination: DestinationStream
  /** Most lines kept for one unit of work; the oldest goes. @default 200 */
  readonly maxLines?: number
  /** Most bytes of them. @default 65536 */
  readonly maxBytes?: number
}

/** Defaults of {@link WorkLogsOptions}. */
export const workLogsDefaults = {
  level: 'info',
  /** lines */
  maxLines: 200,
  /** bytes */
  maxBytes: 64 * 1024,
} as const

/** What {@link workLogs} gives. */
export interface WorkLogs {
  /** Options for `pino(options, stream)`: every line goes to the stream, with the ids of its trace. */
  readonly options: { readonly level: Level; readonly mixin: () => { readonly trace_id?: string; readonly span_id?: string } }
  /** The stream for `pino(options, stream)`. */
  readonly stream: DestinationStream
  /** The level from which lines are written at once. */
  level: LevelWithSilent
  /** Stops it; lines that are kept are dropped. */
  close(): void
}

/** pino's numbers of its levels. */
const LEVELS: Readonly<Record<LevelWithSilent, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity }

/**
 * Connects pino with units of work: a line below the level is kept in a ring that belongs to the running unit of work, and written only if the
 * work fails. So the debug log of a request that failed is there, and those of a million that went well cost no bytes.
 */
export function workLogs(options: WorkLogsOptions): WorkLogs {
  const { destination } = options
  const rings = new WeakMap<Work, LineRing>()
  const limits = { maxLines: options.maxLines ?? workLogsDefaults.maxLines, maxBytes: options.maxBytes ?? workLogsDefaults.maxBytes }
  const keep = (line: string): void => {
    const work = workStorage.getStore()
    if (work?.recording !== true) return
    let ring = rings.get(work)
    if (ring === undefined) rings.set(work, (ring = new LineRing(limits)))
    ring.add(line)
  }
  const stop = onWorkEnd((work, outcome) => {
    if (outcome === 'error') for (const line of rings.get(work)?.lines() ?? []) destination.write(line)
    rings.delete(work)
  })
  // pino sets `lastLevel` on a stream that has this mark, before each line.
  const stream = {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string): void {
      if (stream.lastLevel >= LEVELS[logs.level]) destination.write(line)
      else keep(line)
    },
  }
  const logs: WorkLogs = { options: { level: 'trace', mixin: traceIds }, stream, level: options.level ?? workLogsDefaults.level, close: stop }
  return logs
}

function traceIds(): { readonly trace_id?: string; readonly span_id?: string } {
  const ids = trace.getActiveSpan()?.spanContext()
  return ids === undefined ? {} : { trace_id: ids.traceId, span_id: ids.spanId }
}
