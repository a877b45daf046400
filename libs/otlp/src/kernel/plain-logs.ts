import { tables } from '@ballast/clickhouse'
import { guardOf } from '../protobuf/text-ids.ts'
import { MAX_SEVERITY, severityName } from '../rows/names.ts'
import { NameRuns } from './group-runs.ts'
import type { Kernel } from './kernel.ts'
import { PlainNames } from './plain-names.ts'
import { PlainRecords, type PlainSignal } from './plain-records.ts'
import { NO_PAIRS } from '../protobuf/group-columns.ts'

const SEVERITIES = Array.from({ length: MAX_SEVERITY + 1 }, (_, severity) => severityName(severity))

/** Plain requests of log records. */
export function plainLogs(kernel: Kernel): PlainRecords {
  return new PlainRecords(kernel, tables.logs, logs)
}

function logs(records: PlainRecords): PlainSignal {
  const { writer, scopes } = records
  const { run } = writer
  const severities = new PlainNames(writer, records.redactor, SEVERITIES)
  const resourceSchemaUrls = new NameRuns()
  const scopeSchemaUrls = new NameRuns()
  const scopeVersions = new NameRuns()
  return {
    read: (start, stop) => run.readLog(start, stop),
    beginScope(resource, scope) {
      resourceSchemaUrls.beginScope(resource.schemaUrl)
      scopeSchemaUrls.beginScope(scope.schemaUrl)
      scopeVersions.beginScope(scope.version)
      scopes.beginScope(scope.attributes ?? NO_PAIRS)
    },
    runs: [resourceSchemaUrls, scopeSchemaUrls, scopeVersions, scopes],
    columns: {
      Timestamp: () => writer.took(run.write64(writer.at, run.TIME.value)),
      TraceId: () => writer.took(run.writeHex16(writer.at, run.TRACE_ID.value)),
      SpanId: () => writer.took(run.writeHex8(writer.at, run.SPAN_ID.value)),
      TraceFlags: () => writer.took(run.write32(writer.at, run.CODE.value, 1)),
      SeverityText: () => {
        writer.dictionaryVersion()
        severities.write(records.source, guardOf(records.options, tables.logs.name, 'SeverityText'), writer.rows)
      },
      SeverityNumber: () => writer.took(run.write32(writer.at, run.KIND.value, 1)),
      Body: () => writer.took(run.writeBodies(writer.at)),
      ResourceSchemaUrl: () => resourceSchemaUrls.write(writer),
      ScopeSchemaUrl: () => scopeSchemaUrls.write(writer),
      ScopeVersion: () => scopeVersions.write(writer),
      ScopeAttributes: () => scopes.write(writer),
      LogAttributes: () => {
        writer.dictionaryVersion()
        writer.attributes()
      },
      EventName: () => writer.took(run.writeTexts(writer.at, run.FIRST_TEXT.value)),
    },
    warn: () => undefined,
  }
}
