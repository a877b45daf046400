import type { LogRecord, ResourceRecords, ScopeRecords, Sourced } from '../record/records.ts'
import { lateTime } from '../record/reject-detail.ts'
import type { Tally } from '../record/tally.ts'
import type { TranscodeOptions } from '../transcoded-block.ts'
import { attributesText, valueText } from './attribute-text.ts'
import { isSpanId, isTraceId } from './ids.ts'
import { MAX_SEVERITY, severityName } from './names.ts'
import { serviceName } from './service-name.ts'
import { isStorable, timestampText } from './timestamp.ts'

/** Rows of one resource's log records, one JSON object a line; what cannot be stored goes to the tally. */
export function logRows(group: ResourceRecords<LogRecord>, options: TranscodeOptions, tally: Tally): string[] {
  const resource =
    `"ServiceName":${JSON.stringify(serviceName(group.attributes))},"ResourceSchemaUrl":${JSON.stringify(group.schemaUrl)},` +
    `"ResourceAttributes":${attributesText(group.attributes, tally)}`
  const tenant = `"TenantId":${JSON.stringify(options.tenantId)},"SampleRate":"1"`
  return group.scopes.flatMap((scoped) => {
    const shared = `${resource},${scopeText(scoped, tally)},${tenant}`
    return scoped.records.flatMap((sourced) => {
      const row = logRow(sourced, shared, options, tally)
      return row === undefined ? [] : [row]
    })
  })
}

function scopeText({ scope, schemaUrl }: ScopeRecords<LogRecord>, tally: Tally): string {
  return (
    `"ScopeSchemaUrl":${JSON.stringify(schemaUrl)},"ScopeName":${JSON.stringify(scope.name)},"ScopeVersion":${JSON.stringify(scope.version)},` +
    `"ScopeAttributes":${attributesText(scope.attributes, tally)}`
  )
}

function logRow({ record: log, raw }: Sourced<LogRecord>, shared: string, options: TranscodeOptions, tally: Tally): string | undefined {
  const time = [log.timeUnixNano, log.observedTimeUnixNano].find((each) => each !== 0n) ?? options.receivedAtUnixNano
  if (!isStorable(time)) {
    tally.reject({ reason: 'timestamp_out_of_range', detail: lateTime(time), raw: raw() })
    return undefined
  }
  // A log record with a broken trace id is still a log record: it is stored without one.
  const traced = isTraceId(log.traceId)
  if (!traced && /[^0]/.test(log.traceId)) tally.warn('log_without_trace')
  const known = log.severityNumber >= 0 && log.severityNumber <= MAX_SEVERITY
  if (!known) tally.warn('enum_unknown')
  const severity = known ? log.severityNumber : 0
  const severityText = log.severityText || severityName(severity)
  return (
    `{"Timestamp":${timestampText(time)},"TraceId":"${traced ? log.traceId : ''}","SpanId":"${traced && isSpanId(log.spanId) ? log.spanId : ''}",` +
    `"TraceFlags":${log.flags & 0xff},"SeverityText":${JSON.stringify(severityText)},"SeverityNumber":${severity},` +
    `"Body":${JSON.stringify(valueText(log.body, tally))},${shared},` +
    `"LogAttributes":${attributesText(log.attributes, tally)},"EventName":${JSON.stringify(log.eventName)}}\n`
  )
}
