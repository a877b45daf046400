import { type ClickHouse, tableNames } from '@ballast/clickhouse'
import type { JournalFiles } from '../journal/journal-files.ts'
import { readSegment } from '../journal/segment.ts'
import { LANES, parseSegmentName } from '../journal/segment-name.ts'

/** What became of an accepted request. */
export type ReceiptState =
  /** On the disk of ingest. */
  | { readonly state: 'journalled' }
  /** In ClickHouse. */
  | { readonly state: 'stored' }
  /** ClickHouse refused rows of it, which are in the quarantine; the others are stored. */
  | { readonly state: 'rejected'; readonly reasons: readonly string[] }
  /** It was in a segment that was damaged, and cannot be read. */
  | { readonly state: 'lost' }

export interface ReceiptStateOptions {
  readonly files: Pick<JournalFiles, 'list' | 'read'>
  readonly client: Pick<ClickHouse, 'query'>
}

/** Time to look into ClickHouse, milliseconds. */
const TIMEOUT_MS = 5_000

/**
 * Looks a request up where it would be: in the journal, else in ClickHouse, because it leaves the journal only for there.
 *
 * @throws ClickHouseError when ClickHouse cannot be asked.
 */
export async function receiptState({ files, client }: ReceiptStateOptions, tenantId: string, sequence: number): Promise<ReceiptState> {
  const segment = await segmentOf(files, sequence)
  if (segment?.state === 'damaged') return { state: 'lost' }
  if (segment?.state === 'waiting') return { state: 'journalled' }
  const query = `SELECT DISTINCT Detail FROM ${tableNames.rejects} WHERE TenantId = {tenantId:String} AND RequestId = {requestId:String} ORDER BY Detail LIMIT 20`
  const rejects = await client.query<{ Detail: string }>({ query, params: { tenantId, requestId: `journal-${sequence}` }, timeoutMs: TIMEOUT_MS })
  return rejects.length === 0 ? { state: 'stored' } : { state: 'rejected', reasons: rejects.map(({ Detail }) => Detail) }
}

/** Whether a file of the journal holds the request, or held it and is damaged there; `undefined` when it is stored. */
async function segmentOf(files: ReceiptStateOptions['files'], sequence: number): Promise<{ readonly state: 'waiting' | 'damaged' } | undefined> {
  const segments = (await files.list()).flatMap(({ name, bytes }) => {
    const segment = parseSegmentName(name)
    // An empty one is made for the next requests.
    const isOther = segment === undefined || bytes === 0 || segment.sequence > sequence || segment.sequence % LANES !== sequence % LANES
    return isOther ? [] : [{ name, segment }]
  })
  // Segments of a lane are written one after another, so only the last that begins before it can hold it.
  const last = segments.reduce<(typeof segments)[number] | undefined>((latest, each) => (latest === undefined || each.segment.sequence > latest.segment.sequence ? each : latest), undefined)
  if (last === undefined) return undefined
  let content: Awaited<ReturnType<typeof readSegment>>
  try {
    content = await readSegment(files, last.name)
  } catch (error) {
    // Closed or stored since: look again.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return segmentOf(files, sequence)
    throw error
  }
  const holds = content.records.some((record) => record.sequence === sequence)
  if (last.segment.state !== 'corrupt') return holds ? { state: 'waiting' } : undefined
  const next = content.records.find((record) => record.sequence > sequence)
  return holds || (content.damage.length === 0 && next === undefined) ? undefined : { state: 'damaged' }
}
