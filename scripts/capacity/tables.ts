/** What `npm run capacity` measured, and where. */
export interface Measured {
  readonly machine: string
  /** Spans a second that one core of ingest transcodes. */
  readonly spansACore: number
  readonly logsACore: number
  /** Bytes on disk of one span, its part of the trace index included, after merges. */
  readonly bytesASpan: number
  readonly bytesALog: number
  /** Processor time of the engine for one span, from the insert to the last merge, microseconds. */
  readonly storeMicrosecondsASpan: number
}

/** What the plan assumes beside the measurements. Each errs to the safe side; replace it by your own figures. */
export const assumptions = {
  /** Share of a core's transcoding rate that is left for transcoding: HTTP, gzip, batching and the wire take the rest. */
  transcodingShare: 0.25,
  /** How full a core is planned to be. */
  headroom: 0.5,
  coresAnIngestPod: 2,
  /** Share of a server's processors that is for inserts and merges; queries have the rest. */
  insertShare: 0.5,
  coresAServer: 16,
  replicas: 2,
  retentionDays: 30,
  /** How full a disk may be: merges need room. */
  diskShare: 0.7,
} as const

/** Loads of the table, spans a second. */
export const LOADS = [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000] as const

/** The machines that a load needs. */
export interface Plan {
  readonly ingestPods: number
  readonly shards: number
  readonly servers: number
  /** Bytes of all replicas together, disks as full as they may be. */
  readonly diskBytes: number
}

/** How much a load needs, by what was measured and what is assumed. */
export function planFor(spansPerSecond: number, measured: Measured): Plan {
  const spansAPod = measured.spansACore * assumptions.transcodingShare * assumptions.headroom * assumptions.coresAnIngestPod
  const spansAServer = (1e6 / measured.storeMicrosecondsASpan) * assumptions.insertShare * assumptions.coresAServer * assumptions.headroom
  const shards = Math.ceil(spansPerSecond / spansAServer)
  const stored = spansPerSecond * 86_400 * assumptions.retentionDays * measured.bytesASpan
  return {
    // Two at least: one can be replaced.
    ingestPods: Math.max(2, Math.ceil(spansPerSecond / spansAPod)),
    shards,
    servers: shards * assumptions.replicas,
    diskBytes: (stored * assumptions.replicas) / assumptions.diskShare,
  }
}

/** The generated part of infra/capacity.md. */
export function capacityTables(measured: Measured): string {
  const rows = LOADS.map((load) => {
    const { ingestPods, shards, servers, diskBytes } = planFor(load, measured)
    return `| ${count(load)} | ${count(ingestPods)} | ${count(shards)} | ${count(servers)} | ${size(diskBytes)} | ${size(diskBytes / servers)} |`
  })
  return [
    `Measured in processor time on ${measured.machine}, shared with other work:`,
    '',
    '| | |',
    '|---|---|',
    `| transcoding, spans a second and core | ${count(measured.spansACore)} |`,
    `| transcoding, log records a second and core | ${count(measured.logsACore)} |`,
    `| engine, µs of processor a span, insert and merges | ${count(measured.storeMicrosecondsASpan)} |`,
    `| on disk after merges, bytes a span | ${count(measured.bytesASpan)} |`,
    `| on disk after merges, bytes a log record | ${count(measured.bytesALog)} |`,
    '',
    '| spans/s | ingest pods | shards | ClickHouse servers | disk in all | disk a server |',
    '|---:|---:|---:|---:|---:|---:|',
    ...rows,
  ].join('\n')
}

const count = (value: number): string => value.toLocaleString('en-US')

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']
  const power = Math.floor(Math.log10(bytes) / 3)
  return `${(bytes / 1000 ** power).toPrecision(3)} ${units[power]}`
}
