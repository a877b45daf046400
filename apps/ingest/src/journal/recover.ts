import type { JournalFiles } from './journal-files.ts'
import type { Repeats } from './repeats.ts'
import { readSegment, type Segment } from './segment.ts'
import { LANES, parseSegmentName, type SegmentName } from './segment-name.ts'

/** Requests that were accepted this long before the end of the process before may have gone unanswered, milliseconds. */
const UNANSWERED_MS = 5_000

/** Most bytes that are read to find them, so that a start never takes long. */
const UNANSWERED_BYTES = 64 * 2 ** 20

/** What a journal's folder held at the start. */
export interface Recovered {
  /** Oldest first. */
  readonly segments: readonly Segment[]
  /** Sequence that no record has had. */
  readonly nextSequence: number
  /** Bytes of writes that were cut off, and are gone now: nobody was told that they were accepted. */
  readonly tornBytes: number
  /** Open segments that could not be read; set aside. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[]
}

/**
 * Makes a folder ready after any end of the process before: cuts torn tails off, closes what was open, and remembers the
 * requests whose answer may have been lost. Reads no segment but the open one and the youngest, however large the journal is.
 */
export async function recover(files: JournalFiles, repeats: Repeats, nowMs: number): Promise<Recovered> {
  const listed = (await files.list()).flatMap((file) => {
    const name = parseSegmentName(file.name)
    return name === undefined ? [] : [{ ...file, segment: name }]
  })
  listed.sort((a, b) => a.segment.sequence - b.segment.sequence)
  const segments: Segment[] = []
  const unreadable: { file: string; reason: string }[] = []
  let tornBytes = 0
  // The clock keeps sequences apart from those of segments that are gone.
  let nextSequence = Math.floor(nowMs) * 1024

  await repeats.load(files)
  await rememberUnanswered(files, repeats, listed)
  // Before anything is sent and removed: after another crash it must still be known.
  await repeats.save(files)

  for (const { name, bytes, modifiedAtMs, segment } of listed) {
    // A record has more bytes than its sequence adds.
    nextSequence = Math.max(nextSequence, segment.sequence + bytes)
    if (segment.state === 'corrupt') continue
    const kept = segment.state === 'segment' ? bytes : await close(files, name, segment).catch((error: Error) => error)
    if (kept instanceof Error) {
      unreadable.push({ file: name, reason: kept.message })
      await files.rename(name, `${segment.id}.corrupt`)
      continue
    }
    tornBytes += bytes - kept
    if (kept > 0) segments.push({ id: segment.id, file: `${segment.id}.segment`, bytes: kept, createdAtMs: modifiedAtMs, recovered: true })
  }
  await files.syncNames()
  nextSequence += LANES - (nextSequence % LANES)
  return { segments, nextSequence, tornBytes, unreadable }
}

/** Closes a segment that a crash left open; returns its bytes without the torn tail, 0 when nothing is left of it. */
async function close(files: JournalFiles, name: string, segment: SegmentName): Promise<number> {
  const { records, damage, end } = await readSegment(files, name)
  if (records.length === 0) {
    await files.remove(name)
    return 0
  }
  const file = await files.open(name)
  try {
    if (damage.some(({ atEnd }) => atEnd)) await file.truncate(end)
    // Read from the system's memory, perhaps; from now on it must be there after a power cut as well.
    await file.sync()
  } finally {
    await file.close()
  }
  await files.rename(name, `${segment.id}.segment`)
  return end
}

async function rememberUnanswered(files: JournalFiles, repeats: Repeats, listed: readonly { name: string; bytes: number; modifiedAtMs: number; segment: SegmentName }[]): Promise<void> {
  const youngestFirst = listed.filter(({ segment }) => segment.state !== 'corrupt').toSorted((a, b) => b.modifiedAtMs - a.modifiedAtMs)
  const since = (youngestFirst[0]?.modifiedAtMs ?? 0) - UNANSWERED_MS
  let bytes = 0
  for (const file of youngestFirst) {
    bytes += file.bytes
    if (file.modifiedAtMs < since || (bytes > UNANSWERED_BYTES && file !== youngestFirst[0])) return
    // What cannot be read is found out, and told, when it is to be sent.
    const { records } = await readSegment(files, file.name).catch(() => ({ records: [] }))
    for (const { digest, acceptedAtMs } of records) repeats.add(digest, acceptedAtMs)
  }
}
