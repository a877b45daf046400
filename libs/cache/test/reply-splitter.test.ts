import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReplySplitter } from '../src/redis/reply-splitter.ts'

const END = Buffer.from('\r\n')

function line(text: string): Buffer {
  return Buffer.from(`${text}\r\n`)
}

function blob(bytes: Buffer | null): Buffer {
  return bytes === null ? line('$-1') : Buffer.concat([line(`$${bytes.length}`), bytes, END])
}

function list(first: string, items: readonly Buffer[]): Buffer {
  return Buffer.concat([line(`${first}${items.length}`), ...items])
}

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array))
const simple = fc.oneof(
  fc.constantFrom('+OK', '-ERR no such thing 12', ':42', ':-7', '_', '#t', ',1.5', '(12345678901234567890', '*-1', '$-1').map(line),
  bytes.map(blob),
  fc.constant(Buffer.concat([line('=7'), Buffer.from('txt:abc'), END])),
  fc.constant(Buffer.concat([line('!8'), Buffer.from('ERR \r\n12'), END])),
)
const reply = fc.oneof(
  simple,
  fc.array(simple, { maxLength: 5 }).map((items) => list('*', items)),
  fc.array(fc.array(simple, { maxLength: 3 }).map((items) => list('*', items)), { maxLength: 3 }).map((items) => list('~', items)),
  fc.array(fc.tuple(simple, simple), { maxLength: 3 }).map((pairs) => Buffer.concat([line(`%${pairs.length}`), ...pairs.flat()])),
  simple.map((described) => Buffer.concat([line('|1'), line('+key'), line(':80'), described])),
)
const values = fc.array(fc.option(bytes), { maxLength: 6 })

/** What comes on a connection: replies for ioredis, messages that nobody asked for, and replies that are read here. */
const coming = fc.array(
  fc.oneof(
    reply.map((encoded) => ({ kind: 'reply' as const, encoded })),
    simple.map((item) => ({ kind: 'message' as const, encoded: list('>', [blob(Buffer.from('invalidate')), item]) })),
    values.map((expected) => ({ kind: 'read' as const, expected, encoded: list('*', expected.map(blob)) })),
    fc.constant({ kind: 'refused' as const, encoded: line('-LOADING Redis is loading') }),
  ),
  { maxLength: 12 },
)

/** Hands the bytes over in pieces, each at the start of the same memory. */
function feed(splitter: ReplySplitter, whole: Buffer, pieces: readonly number[]): void {
  const memory = Buffer.alloc(64)
  let at = 0
  for (let n = 0; at < whole.length; n++) {
    const length = whole.copy(memory, 0, at, at + Math.min(64, 1 + (pieces[n % pieces.length] ?? 63)))
    splitter.read(memory, length)
    memory.fill(0xff)
    at += length
  }
}

describe('the replies on a connection', () => {
  test('are split right however they come: the values that were asked for, all else as it is, and an empty list in their place', () => {
    const property = fc.property(coming, fc.array(fc.nat(63), { minLength: 1, maxLength: 8 }), (replies, pieces) => {
      const toClient: Buffer[] = []
      const splitter = new ReplySplitter((passed) => toClient.push(passed))
      const taken: (Buffer | null)[] = []
      let before = 0
      for (const { kind } of replies) {
        if (kind === 'read' || kind === 'refused') splitter.expect(before, { take: (value) => taken.push(value && Buffer.from(value)) })
        if (kind !== 'message') before++
      }
      feed(splitter, Buffer.concat(replies.map(({ encoded }) => encoded)), pieces)
      const expected = replies.flatMap((one) => (one.kind === 'read' ? one.expected : []))
      const passed = Buffer.concat(replies.map((one) => (one.kind === 'read' ? line('*0') : one.encoded)))
      return Buffer.concat(toClient).equals(passed) && taken.length === expected.length && taken.every((value, n) => (value === null ? expected[n] === null : expected[n]?.equals(value)))
    })
    const outcome = fc.check(property, { numRuns: process.env['BALLAST_TEST_LONG'] === '1' ? 100_000 : 1_000, seed: 1 })
    expect(outcome.counterexample).toBeNull()
  })

  test('a reply that is asked for while others are under way is the right one', () => {
    const toClient: Buffer[] = []
    const splitter = new ReplySplitter((passed) => toClient.push(passed))
    const taken: string[] = []
    const half = Buffer.from('+O')
    splitter.read(half, half.length)
    // One is under way, one was sent after it.
    splitter.expect(2, { take: (value) => taken.push(String(value)) })
    const rest = Buffer.concat([Buffer.from('K\r\n'), line(':1'), list('*', [blob(Buffer.from('a')), blob(null)]), line('+PONG')])
    splitter.read(rest, rest.length)
    expect(taken).toEqual(['a', 'null'])
    expect(Buffer.concat(toClient).toString()).toBe('+OK\r\n:1\r\n*0\r\n+PONG\r\n')
  })

  test('a value larger than the memory of a connection is put together', () => {
    const splitter = new ReplySplitter(() => {})
    const large = Buffer.alloc(100_000, 'x')
    const taken: (Buffer | null)[] = []
    splitter.expect(0, { take: (value) => taken.push(value) })
    feed(splitter, list('*', [blob(large), blob(Buffer.from('y'))]), [63])
    expect(taken[0]?.equals(large)).toBe(true)
    expect(taken).toHaveLength(2)
  })
})
