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
  // Spans with events or links are not plain.
  const noArrays = (): void => writer.zeros(writer.rows * UINT64_BYTES)
  const noNames = (): void => {
    writer.dictionaryVersion()
    noArrays()
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
      SpanName: () => names.write(records.source, guardOf(records.options, tables.traces.name, 'SpanName')),
      SpanKind: () => writer.kinds(run.KIND.value, KINDS),
      ScopeVersion: () => scopeVersions.write(writer),
      SpanAttributes: () => records.writeAttributes(),
      Duration: () => writer.took(run.writeDurations(writer.at)),
      StatusCode: () => writer.kinds(run.CODE.value, CODES),
      StatusMessage: () => writer.took(run.writeTexts(writer.at, run.LAST_TEXT.value)),
      'Events.Timestamp': noArrays,
      'Events.Name': noNames,
      'Events.Attributes': noNames,
      'Links.TraceId': noArrays,
      'Links.SpanId': noArrays,
      'Links.TraceState': noArrays,
      'Links.Attributes': noNames,
    },
    warn: (tally) => {
      if (run.backwardCount() > 0) tally.warn('end_before_start', run.backwardCount())
    },
  }
}
