import { EncodedTexts, tables } from '@ballast/clickhouse'
import { guardOf } from '../protobuf/text-ids.ts'
import { SPAN_KINDS, STATUS_CODES } from '../rows/names.ts'
import { TextRuns } from './group-runs.ts'
import type { Kernel } from './kernel.ts'
import { notPlain } from './not-plain.ts'
import { PlainNames } from './plain-names.ts'
import { PlainRecords, type PlainSignal } from './plain-records.ts'

const UINT64_BYTES = 8
const KINDS = SPAN_KINDS.map((name) => EncodedTexts.of(name))
const CODES = STATUS_CODES.map((name) => EncodedTexts.of(name))

/** A trace state with a sampling threshold: the span stands for others. */
const THRESHOLD = Buffer.from('th:')

/** Plain requests of spans. */
export function plainSpans(kernel: Kernel): PlainRecords {
  return new PlainRecords(kernel, tables.traces, spans)
}

function spans(records: PlainRecords): PlainSignal {
  const { writer } = records
  const { run } = writer
  const names = new PlainNames(writer, records.redactor)
  const scopeVersions = new TextRuns()
  const eventNames = new PlainNames(writer, records.redactor)
  // Spans with links are not plain.
  const noLinks = (): void => writer.zeros(writer.rows * UINT64_BYTES)
  const noLinkAttributes = (): void => {
    writer.dictionaryVersion()
    noLinks()
  }
  /** Arrays of what the events of each span have; `write` is not called when there are none. */
  const events = (write: (count: number) => void): void => {
    writer.took(run.writeEventEnds(writer.at))
    const count = run.eventCount()
    if (count === 0) return
    run.swap()
    write(count)
    run.swap()
  }
  return {
    read: (start, stop) => run.readSpan(start, stop),
    beginScope: (_, scope) => scopeVersions.beginScope(scope.version),
    runs: [scopeVersions],
    columns: {
      Timestamp: () => writer.took(run.write64(writer.at, run.TIME.value)),
      TraceId: () => writer.took(run.writeHex16(writer.at, run.TRACE_ID.value)),
      SpanId: () => writer.took(run.writeHex8(writer.at, run.SPAN_ID.value)),
      ParentSpanId: () => writer.took(run.writeHex8(writer.at, run.PARENT_SPAN_ID.value)),
      TraceState: () => {
        const { at, memory } = writer
        writer.took(run.writeTexts(at, run.FIRST_TEXT.value))
        // Without any each takes one byte.
        if (writer.at - at > writer.rows && memory.kernel.bytes.subarray(at, writer.at).includes(THRESHOLD)) throw notPlain
      },
      SpanName: () => {
        writer.dictionaryVersion()
        names.write(records.source, guardOf(records.options, tables.traces.name, 'SpanName'), writer.rows)
      },
      SpanKind: () => writer.kinds(run.KIND.value, KINDS),
      ScopeVersion: () => scopeVersions.write(writer),
      SpanAttributes: () => {
        writer.dictionaryVersion()
        writer.attributes()
      },
      Duration: () => writer.took(run.writeDurations(writer.at)),
      StatusCode: () => writer.kinds(run.CODE.value, CODES),
      StatusMessage: () => writer.took(run.writeTexts(writer.at, run.LAST_TEXT.value)),
      'Events.Timestamp': () => events(() => writer.took(run.write64(writer.at, run.TIME.value))),
      'Events.Name': () => {
        writer.dictionaryVersion()
        events((count) => eventNames.write(records.source, guardOf(records.options, tables.traces.name, 'Events.Name'), count))
      },
      'Events.Attributes': () => {
        writer.dictionaryVersion()
        events(() => writer.attributes())
      },
      'Links.TraceId': noLinks,
      'Links.SpanId': noLinks,
      'Links.TraceState': noLinks,
      'Links.Attributes': noLinkAttributes,
    },
    warn: (tally) => {
      if (run.backwardCount() > 0) tally.warn('end_before_start', run.backwardCount())
    },
  }
}
