import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AcceptableRequest, type AppendOutcome, Journal, type JournalOptions } from '../src/journal/journal.ts'
import { encodeRecord, readRecords } from '../src/journal/journal-record.ts'
import { readSegment } from '../src/journal/segment.ts'
import { SEGMENT_HEADER } from '../src/journal/segment-name.ts'
import { MemoryFiles } from './memory-files.ts'

const START = 1_800_000_000_000

beforeEach(() => {
  vi.useFakeTimers({ now: START })
})
afterEach(() => {
  vi.useRealTimers()
})

const request = (name: string, rows = 1): AcceptableRequest => ({
  tenantId: 'acme',
  signal: 'traces',
  digest: Buffer.from(name.padEnd(16)),
  blocks: [{ table: 'otel_traces', columns: ['SpanName'], format: 'Native', body: Buffer.from(name), rows }],
  isAwaited: () => true,
})

const open = (files: MemoryFiles, options: Partial<JournalOptions> = {}): Promise<Journal> =>
  Journal.open({ files, maxBytes: 1_000_000, maxAgeMs: 3_600_000, segment: { maxRows: 100, maxBytes: 100_000, maxAgeMs: 200 }, now: () => Date.now(), ...options })

/** Names in the order in which the journal gives them back. */
async function drain(journal: Journal): Promise<string[][]> {
  await journal.flush()
  const taken: string[][] = []
  for (let segment = journal.take(); segment !== undefined; segment = journal.take()) {
    taken.push((await journal.read(segment)).records.map((record) => Buffer.from(record.blocks[0]!.body).toString()))
    await journal.release(segment)
  }
  return taken
}

describe('a request', () => {
  test('is accepted when it is on the disk, and those that come meanwhile share the next write', async () => {
    const files = new MemoryFiles()
    const journal = await open(files)
    let release = (): void => undefined
    files.gate = new Promise((resolve) => {
      release = resolve
    })
    const outcomes: AppendOutcome[] = []
    for (const name of ['a', 'b', 'c', 'd']) void journal.append(request(name)).then((outcome) => outcomes.push(outcome))
    await vi.advanceTimersByTimeAsync(50)
    expect([outcomes, files.log.slice(0, 3), files.log.at(-1)]).toEqual([[], ['names', 'create', 'names'], 'write'])
    files.gate = undefined
    release()
    await vi.advanceTimersByTimeAsync(1)
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accepted', 'accepted', 'accepted', 'accepted'])
    expect(files.log.filter((each) => each === 'written').length).toBe(2)
  })

  test.each([
    ['a write that failed half way', 'write', 10],
    ['a write that failed on its way to the disk', 'write', Number.POSITIVE_INFINITY],
    ['a file that could not be made', 'create', 0],
  ] as const)('is never accepted after %s; what was accepted before stays, and the next goes into a new segment', async (_, operation, written) => {
    const files = new MemoryFiles()
    const journal = await open(files)
    if (operation !== 'create') await journal.append(request('before'))
    files.failures[operation] = new Error('EIO')
    files.written = written
    expect(await journal.append(request('failed'))).toEqual({ kind: 'unavailable', message: 'the journal cannot be written: EIO' })
    expect(journal.failure).toContain('EIO')
    expect(await journal.append(request('after'))).toMatchObject({ kind: 'accepted' })
    expect(journal.failure).toBeUndefined()
    expect((await drain(journal)).flat().toSorted()).toEqual(operation === 'create' ? ['after'] : ['after', 'before'])
    expect(files.names()).toEqual([])
  })

  test.each([
    ['bytes', { maxBytes: 200 }, /of 200 bytes/, 186],
    ['age', { maxAgeMs: 1_000 }, /has waited for 2 s/, 201],
  ])('is refused when the bound by %s is reached, with what must be stored first, and accepted when there is room again', async (_, options, message, missingBytes) => {
    const journal = await open(new MemoryFiles(), options)
    expect((await journal.append(request('a'))).kind).toBe('accepted')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(await journal.append(request('b'))).toEqual({ kind: 'full', message: expect.stringMatching(message) as string, missingBytes })
    await expect(journal.check()).rejects.toThrow(/the journal is full/)
    await drain(journal)
    expect((await journal.append(request('b'))).kind).toBe('accepted')
  })
})

describe('the same bytes again', () => {
  const twice = async (awaited: boolean, failure?: Error): Promise<[AppendOutcome, AppendOutcome, string[]]> => {
    const files = new MemoryFiles()
    const journal = await open(files)
    let release = (): void => undefined
    files.gate = new Promise((resolve) => (release = resolve))
    const first = journal.append({ ...request('a'), isAwaited: () => awaited })
    await vi.advanceTimersByTimeAsync(10)
    const second = journal.append(request('a'))
    if (failure !== undefined) files.failures.write = failure
    release()
    return [await first, await second, (await drain(journal)).flat()]
  }

  test('while the first wait for a slow disk, are a repeat when the sender of the first gave up', async () => {
    expect(await twice(false)).toMatchObject([{ kind: 'accepted' }, { kind: 'repeat' }, ['a']])
  })

  test('share the failure of the first', async () => {
    const failed = { kind: 'unavailable', message: 'the journal cannot be written: EIO' }
    expect(await twice(false, new Error('EIO'))).toEqual([failed, failed, []])
  })

  test('from a second sender while the first waits are another request', async () => {
    expect(await twice(true)).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }, ['a', 'a']])
  })

  test('are a repeat after the first were accepted unheard, and no repeat after they were answered', async () => {
    const files = new MemoryFiles()
    const journal = await open(files)
    const kinds: string[] = []
    for (const [name, awaited] of [['unheard', false], ['unheard', true], ['heard', true], ['heard', true]] as const) kinds.push((await journal.append({ ...request(name), isAwaited: () => awaited })).kind)
    expect(kinds).toEqual(['accepted', 'repeat', 'accepted', 'accepted'])
    await drain(journal)
    await journal.close()
    const after = await open(files)
    expect([(await after.append(request('unheard'))).kind, (await after.append(request('heard'))).kind]).toEqual(['repeat', 'accepted'])
  })
})

describe('a segment', () => {
  test('is closed by rows, and nothing is added to it', async () => {
    const journal = await open(new MemoryFiles())
    await Promise.all([journal.append(request('a', 60)), journal.append(request('b', 60)), journal.append(request('c'))])
    expect(await drain(journal)).toEqual([['c'], ['a', 'b']])
  })

  test('is closed by age only when somebody waits for it, and grows until then', async () => {
    const files = new MemoryFiles()
    const journal = await open(files)
    await journal.append(request('a'))
    await vi.advanceTimersByTimeAsync(1_000)
    await journal.append(request('b'))
    expect(files.names('.segment')).toEqual([])
    expect(journal.take()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect((await drain(journal))).toEqual([['a', 'b']])
  })

  test('that is open and old enough is closed and goes before a backlog', async () => {
    const journal = await open(new MemoryFiles())
    for (const name of ['1', '2']) {
      await journal.append(request(name))
      await journal.flush()
    }
    await journal.append(request('fresh'))
    await vi.advanceTimersByTimeAsync(300)
    expect(journal.take()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    const { records } = await journal.read(journal.take()!)
    expect(records.map(({ blocks }) => Buffer.from(blocks[0]!.body).toString())).toEqual(['fresh'])
  })

  test('is taken newest first, and every fourth time oldest first', async () => {
    const journal = await open(new MemoryFiles())
    for (const name of ['1', '2', '3', '4', '5', '6']) {
      await journal.append(request(name))
      await journal.flush()
    }
    expect((await drain(journal)).flat()).toEqual(['6', '5', '4', '1', '3', '2'])
  })
})

describe('a request with records of late days', () => {
  const late = (name: string): AcceptableRequest => ({ ...request(name), isLate: true })
  /** What one segment holds. */
  const read = async (journal: Journal, segment: ReturnType<Journal['take']>): Promise<string[]> => (await journal.read(segment!)).records.map(({ blocks }) => Buffer.from(blocks[0]!.body).toString())

  test('goes into a segment of its own, which grows for longer, and is closed though nobody asks for it', async () => {
    const journal = await open(new MemoryFiles())
    for (const name of ['1', '2']) await Promise.all([journal.append(request(name)), journal.append(late(`late ${name}`))])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(journal.take()).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    const today = journal.take()!
    expect(await read(journal, today)).toEqual(['1', '2'])
    await journal.release(today)
    expect([journal.oldestAgeMs, journal.oldestPunctualAgeMs, journal.segments]).toEqual([1_001, 0, 1])
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await read(journal, journal.take('full'))).toEqual(['late 1', 'late 2'])
  })

  test('is sent one segment at a time and every eighth while others wait, and outlives a crash', async () => {
    const files = new MemoryFiles()
    const journal = await open(files)
    for (let n = 0; n < 10; n++) {
      await journal.append(n < 2 ? late(`late ${n}`) : request(`today ${n}`))
      await journal.flush()
    }
    const kinds: string[] = []
    for (let segment = journal.take(); segment !== undefined; segment = journal.take()) kinds.push((await read(journal, segment))[0]!.split(' ')[0]!)
    expect(kinds).toEqual([...Array.from({ length: 7 }, () => 'today'), 'late', 'today'])
    expect((await drain(await open(files))).flat().filter((name) => name.startsWith('late')).toSorted()).toEqual(['late 0', 'late 1'])
  })
})

describe('after a crash', () => {
  /** What a killed process leaves: one open segment with three records. */
  async function crashed(): Promise<{ name: string; bytes: Buffer; ends: number[] }> {
    const files = new MemoryFiles()
    const journal = await open(files)
    const ends: number[] = []
    for (const name of ['a', 'b', 'c']) {
      await journal.append(request(name))
      ends.push(files.bytesOf('.open').length)
    }
    return { name: files.names('.open')[0]!, bytes: files.bytesOf('.open'), ends }
  }

  test('a tail torn at any byte is cut off, and every record before it is there', async () => {
    const { name, bytes, ends } = await crashed()
    for (let length = 0; length <= bytes.length; length++) {
      const files = new MemoryFiles()
      files.put(name, bytes.subarray(0, length), Date.now())
      const journal = await open(files)
      const whole = ends.filter((end) => end <= length)
      expect((await drain(journal)).flat()).toEqual(['a', 'b', 'c'].slice(0, whole.length))
      expect([length, journal.recovered.tornBytes]).toEqual([length, length - (whole.at(-1) ?? 0)])
    }
  })

  test('a flipped bit anywhere in a closed segment costs one record at most, is found, and the others are read', async () => {
    const { name, bytes } = await crashed()
    const closed = name.replace('.open', '.segment')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = Buffer.from(bytes)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      const files = new MemoryFiles()
      files.put(closed, damaged)
      const { records, damage } = await readSegment(files, closed)
      expect([bit, damage.length]).toEqual([bit, 1])
      expect(records.length).toBeGreaterThanOrEqual(bit < SEGMENT_HEADER.length * 8 ? 3 : 2)
    }
  })

  test('a repeat of what was not answered is recognised, after another crash as well, and other requests are not', async () => {
    const { name, bytes } = await crashed()
    const files = new MemoryFiles()
    files.put(name, bytes, Date.now())
    await drain(await open(files))
    const again = await open(files)
    expect((await again.append(request('b'))).kind).toBe('repeat')
    expect((await again.append(request('new'))).kind).toBe('accepted')
    await vi.advanceTimersByTimeAsync(600_000)
    expect((await again.append(request('b'))).kind).toBe('accepted')
  })

  test('however much waits, only what was open and the youngest segments are read before the first request is taken', async () => {
    const { name, bytes } = await crashed()
    const files = new MemoryFiles()
    for (let n = 0; n < 1_000; n++) {
      const id = name.replace('.open', '').replace(/^\d{16}/, String(n).padStart(16, '0'))
      files.put(`${id}.${n === 999 ? 'open' : 'segment'}`, bytes, Date.now() - (999 - n) * 1_000)
    }
    const journal = await open(files)
    expect([journal.segments, files.reads.length]).toEqual([1_000, expect.any(Number)])
    expect(files.reads.length).toBeLessThan(10)
    expect((await journal.append(request('first'))).kind).toBe('accepted')
  })

  test('sequences and names go on where no record was', async () => {
    const { name, bytes } = await crashed()
    const files = new MemoryFiles()
    files.put(name, bytes, Date.now())
    const journal = await open(files)
    await journal.append(request('later'))
    const [first, second] = files.names().filter((each) => each !== 'repeats.json')
    expect(first!.slice(0, 16) < second!.slice(0, 16)).toBe(true)
  })
})

describe('when the clock', () => {
  test.each([
    ['goes back a day', -86_400_000],
    ['goes forward an hour', 3_000_000],
  ])('%s, nothing is refused, lost or doubled, and ages and names stay sound', async (_, jumpMs) => {
    const files = new MemoryFiles()
    const journal = await open(files)
    await journal.append(request('before'))
    vi.setSystemTime(Date.now() + jumpMs)
    expect((await journal.append(request('after'))).kind).toBe('accepted')
    await journal.flush()
    expect((await journal.append(request('later'))).kind).toBe('accepted')
    expect(journal.oldestAgeMs).toBe(Math.max(0, jumpMs))
    // A restart under the new clock.
    const again = await open(files)
    expect((await again.append(request('again'))).kind).toBe('accepted')
    const records = await drain(again)
    expect(records.flat().toSorted()).toEqual(['after', 'again', 'before', 'later'])
  })

  test('goes forward beyond the bound by age, requests are refused until what waits is stored', async () => {
    const journal = await open(new MemoryFiles())
    await journal.append(request('before'))
    vi.setSystemTime(Date.now() + 86_400_000)
    expect((await journal.append(request('after'))).kind).toBe('full')
    expect(await drain(journal)).toEqual([['before']])
    expect((await journal.append(request('after'))).kind).toBe('accepted')
  })
})

test('a record is read as it was written', () => {
  const { tenantId, signal, digest, blocks } = request('x')
  const record = { tenantId, signal, digest, blocks, sequence: 2 ** 51, acceptedAtMs: START }
  const { records, damage } = readRecords(Buffer.concat(encodeRecord(record)), 0)
  expect(damage).toEqual([])
  expect(records).toEqual([record])
})
