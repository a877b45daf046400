/**
 * Output formats in which a result is its rows and nothing else, so that pieces of it, each written by itself, make the whole. The engine
 * streams no others: it begins a JSON document, a header line or a Parquet file anew with each piece.
 */
const ROW_FORMATS: ReadonlySet<string> = new Set([
  'CSV',
  'JSONCompactEachRow',
  'JSONCompactStringsEachRow',
  'JSONEachRow',
  'JSONLines',
  'JSONStringsEachRow',
  'LineAsString',
  'MsgPack',
  'NDJSON',
  'Native',
  'Null',
  'RawBLOB',
  'RowBinary',
  'TSKV',
  'TSV',
  'TSVRaw',
  'TabSeparated',
  'TabSeparatedRaw',
])

/** Whether a result in this format can be streamed. */
export function isRowFormat(format: string): boolean {
  return ROW_FORMATS.has(format)
}
