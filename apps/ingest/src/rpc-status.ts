import { type IngestError, ingestErrorCodes } from './errors.ts'
import { bytesField, varintField } from './protobuf-fields.ts'

/** Longest message that is sent; a client may refuse an answer of more than 4 MiB. */
const MAX_MESSAGE_LENGTH = 1000

const TYPE = 'type.googleapis.com/google.rpc.'

/** `google.rpc.Status` in protobuf. Its details say when to come back (`RetryInfo`), or what is wrong with the request (`BadRequest`). */
export function statusProtobuf(error: IngestError): Buffer {
  const { code, message } = statusOf(error)
  const details: Buffer[] = []
  if (error.retryAfterSeconds !== undefined) details.push(any('RetryInfo', bytesField(1, varintField(1, error.retryAfterSeconds))))
  if (error.code === 'BAD_REQUEST') details.push(any('BadRequest', bytesField(1, Buffer.concat([bytesField(1, error.field), bytesField(2, message)]))))
  return Buffer.concat([varintField(1, code), bytesField(2, message), ...details.map((detail) => bytesField(3, detail))])
}

/** The same in protobuf's JSON. */
export function statusJson(error: IngestError): Buffer {
  const { code, message } = statusOf(error)
  const details: object[] = []
  if (error.retryAfterSeconds !== undefined) details.push({ '@type': `${TYPE}RetryInfo`, retryDelay: `${error.retryAfterSeconds}s` })
  if (error.code === 'BAD_REQUEST') details.push({ '@type': `${TYPE}BadRequest`, fieldViolations: [{ field: error.field, description: message }] })
  return Buffer.from(JSON.stringify({ code, message, ...(details.length > 0 && { details }) }))
}

/** Code and message of a status. */
export function statusOf(error: IngestError): { readonly code: number; readonly message: string } {
  return { code: ingestErrorCodes[error.code].grpc, message: error.message.slice(0, MAX_MESSAGE_LENGTH) }
}

/** `google.protobuf.Any` */
function any(type: string, message: Buffer): Buffer {
  return Buffer.concat([bytesField(1, TYPE + type), bytesField(2, message)])
}
