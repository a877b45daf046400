const TYPES: readonly (readonly [RegExp, string])[] = [
  [/^(JSONEachRow|JSONLines|NDJSON|JSONCompactEachRow\w*|JSONStringsEachRow|JSONCompactStringsEachRow\w*|JSON\w*EachRowWithProgress|BSONEachRow)$/i, 'application/x-ndjson; charset=UTF-8'],
  [/^JSON/i, 'application/json; charset=UTF-8'],
  [/^(TabSeparated|TSV)(Raw)?WithNames/i, 'text/tab-separated-values; charset=UTF-8; header=present'],
  [/^(TabSeparated|TSV)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^CSVWithNames/i, 'text/csv; charset=UTF-8; header=present'],
  [/^CSV$/i, 'text/csv; charset=UTF-8; header=absent'],
  [/^XML$/i, 'application/xml; charset=UTF-8'],
  [/^(Native|RowBinary\w*|Arrow\w*|Parquet|ORC|Avro|MsgPack|Protobuf\w*|CapnProto|Npy)$/i, 'application/octet-stream'],
]

/** The Content-Type of a result in an output format. */
export function contentType(format: string): string {
  return TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? 'text/plain; charset=UTF-8'
}
