import type { ResourceRecords, ScopeRecords, Sourced, SpanEvent, SpanLink, SpanRecord } from '../record/records.ts'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { attributesText } from './attribute-text.ts'
import { badId, lateTime, type Problem } from '../record/reject-detail.ts'
import { isAbsentSpanId, isSpanId, isTraceId } from './ids.ts'
import { SPAN_KINDS, STATUS_CODES } from './names.ts'
import { serviceName } from './service-name.ts'
import { isStorable, timestampText } from './timestamp.ts'

/** Rows of one resource's spans, one JSON object a line; what cannot be stored goes to the tally. */
export function spanRows(group: ResourceRecords<SpanRecord>, options: TranscodeOptions, tally: Tally): string[] {
  const resource = `"ServiceName":${JSON.stringify(serviceName(group.attributes))},"ResourceAttributes":${attributesText(group.attributes, tally)}`
  const tenant = `"TenantId":${JSON.stringify(options.tenantId)},"SampleRate":"1"`
  return group.scopes.flatMap((scoped) => {
    const shared = `${resource},${scopeText(scoped)},${tenant}`
    return scoped.records.flatMap((sourced) => {
      const row = spanRow(sourced, shared, options, tally)
      return row === undefined ? [] : [row]
    })
  })
}

function scopeText({ scope }: ScopeRecords<SpanRecord>): string {
  return `"ScopeName":${JSON.stringify(scope.name)},"ScopeVersion":${JSON.stringify(scope.version)}`
}

function spanRow({ record: span, raw }: Sourced<SpanRecord>, shared: string, options: TranscodeOptions, tally: Tally): string | undefined {
  const problem = problemWith(span)
  if (problem !== undefined) {
    tally.reject({ ...problem, raw: raw() })
    return undefined
  }
  let start = span.startTimeUnixNano
  if (start === 0n) {
    tally.warn('start_time_missing')
    start = span.endTimeUnixNano === 0n ? options.receivedAtUnixNano : span.endTimeUnixNano
  }
  let duration = span.endTimeUnixNano - start
  if (duration < 0n) {
    tally.warn('end_before_start')
    duration = 0n
  }
  return (
    `{"Timestamp":${timestampText(start)},"TraceId":"${span.traceId}","SpanId":"${span.spanId}",` +
    `"ParentSpanId":"${isAbsentSpanId(span.parentSpanId) ? '' : span.parentSpanId}","TraceState":${JSON.stringify(span.traceState)},` +
    `"SpanName":${JSON.stringify(span.name)},"SpanKind":"${named(SPAN_KINDS, span.kind, tally)}",${shared},` +
    `"SpanAttributes":${attributesText(span.attributes, tally)},"Duration":"${duration}","StatusCode":"${named(STATUS_CODES, span.statusCode, tally)}",` +
    `"StatusMessage":${JSON.stringify(span.statusMessage)},${eventsText(span.events, tally)},${linksText(span.links, tally)}}\n`
  )
}

function problemWith(span: SpanRecord): Problem | undefined {
  if (!isTraceId(span.traceId)) return { reason: 'invalid_trace_id', detail: badId('trace id', span.traceId, 16) }
  if (!isSpanId(span.spanId)) return { reason: 'invalid_span_id', detail: badId('span id', span.spanId, 8) }
  if (!isAbsentSpanId(span.parentSpanId) && !isSpanId(span.parentSpanId)) {
    return { reason: 'invalid_parent_span_id', detail: badId('parent span id', span.parentSpanId, 8) }
  }
  const times = [span.startTimeUnixNano, span.endTimeUnixNano, ...span.events.map((event) => event.timeUnixNano)]
  const late = times.find((time) => !isStorable(time))
  return late === undefined ? undefined : { reason: 'timestamp_out_of_range', detail: lateTime(late) }
}

function named(names: readonly string[], value: number, tally: Tally): string {
  const name = names[value]
  if (name === undefined) tally.warn('enum_unknown')
  return name ?? names[0]!
}

function eventsText(events: readonly SpanEvent[], tally: Tally): string {
  return (
    `"Events.Timestamp":[${events.map((event) => timestampText(event.timeUnixNano)).join(',')}],` +
    `"Events.Name":[${events.map((event) => JSON.stringify(event.name)).join(',')}],` +
    `"Events.Attributes":[${events.map((event) => attributesText(event.attributes, tally)).join(',')}]`
  )
}

function linksText(links: readonly SpanLink[], tally: Tally): string {
  const checked = links.map((link) => {
    if (isTraceId(link.traceId) && isSpanId(link.spanId)) return link
    tally.warn('link_without_ids')
    return { ...link, traceId: '', spanId: '' }
  })
  return (
    `"Links.TraceId":[${checked.map((link) => `"${link.traceId}"`).join(',')}],` +
    `"Links.SpanId":[${checked.map((link) => `"${link.spanId}"`).join(',')}],` +
    `"Links.TraceState":[${checked.map((link) => JSON.stringify(link.traceState)).join(',')}],` +
    `"Links.Attributes":[${checked.map((link) => attributesText(link.attributes, tally)).join(',')}]`
  )
}
