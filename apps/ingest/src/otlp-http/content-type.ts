import type { OtlpEncoding } from '@ballast/otlp'

/** Media type of each encoding. */
export const mediaTypes: Readonly<Record<OtlpEncoding, string>> = { protobuf: 'application/x-protobuf', json: 'application/json' }

/** Reads a Content-Type header, parameters ignored; `undefined` when it is neither encoding. */
export function encodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  const mediaType = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (mediaType === mediaTypes.protobuf) return 'protobuf'
  return mediaType === mediaTypes.json ? 'json' : undefined
}
