import { type Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from 'node:http'
import { type Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { type Address, must, mustEqual } from './point.ts'
import { type Fields, readFields, textOf } from './protobuf-reader.ts'

/** Time for one answer, milliseconds. */
const TIMEOUT_MS = 30_000

export type Encoding = 'json' | 'protobuf'

export const CONTENT_TYPE: Readonly<Record<Encoding, string>> = { json: 'application/json', protobuf: 'application/x-protobuf' }

export interface HttpRequest {
  readonly path?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Sent in chunks without a Content-Length. */
  readonly chunked?: boolean
  readonly agent?: HttpAgent | HttpsAgent
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly socket: Socket
  /** Whether `100 Continue` came before the body was sent. */
  readonly continued: boolean
}

/** Sends one request, on a connection of its own unless an agent is given. An answer that comes before the body is sent is taken. */
export function send(address: Address, request: HttpRequest): Promise<HttpAnswer> {
  const { path = '/v1/traces', method = 'POST', headers = {}, body = '', chunked = false, agent = false } = request
  const bytes = Buffer.from(body)
  const url = new URL(address.url + path)
  const sizes = chunked || method === 'GET' ? {} : { 'content-length': String(bytes.length) }
  return new Promise((resolve, reject) => {
    let continued = false
    let answered = false
    const start = url.protocol === 'https:' ? httpsRequest : httpRequest
    const sent = start(url, { method, agent, headers: { ...sizes, ...address.headers, ...headers }, timeout: TIMEOUT_MS }, (response) => {
      answered = true
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), socket: response.socket, continued }))
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)))
    // The connection may be closed once the answer is there, although the body is not sent to its end.
    sent.on('error', (error) => (answered ? undefined : reject(error)))
    if (headers['expect'] === '100-continue') {
      sent.on('continue', () => {
        continued = true
        sent.end(bytes)
      })
      sent.flushHeaders()
    } else if (chunked) {
      for (let at = 0; at < bytes.length; at += 65_536) sent.write(bytes.subarray(at, at + 65_536))
      sent.end()
    } else sent.end(bytes)
  })
}

/** Sends a body in an encoding. */
export function post(address: Address, encoding: Encoding, body: string | Uint8Array, request: HttpRequest = {}): Promise<HttpAnswer> {
  return send(address, { ...request, body, headers: { 'content-type': CONTENT_TYPE[encoding], ...request.headers } })
}

/** @throws PointFailed unless the answer has this status and, when it is an error, a `google.rpc.Status` with a message. @returns that message. */
export function mustAnswer(what: string, answer: HttpAnswer, status: number): string {
  must(answer.status === status, `${what}: expected ${status}, got ${answer.status} (${answer.body.toString().slice(0, 200)})`)
  if (status < 400) return ''
  const contentType = answer.headers['content-type'] ?? 'none'
  const message = contentType.startsWith(CONTENT_TYPE.json) ? (JSON.parse(answer.body.toString()) as { message?: string }).message : contentType.startsWith(CONTENT_TYPE.protobuf) ? textOf(readFields(answer.body), 2) : undefined
  must(typeof message === 'string' && message !== '', `${what}: the ${status} must carry a google.rpc.Status with a message; it has content type ${contentType}`)
  return message
}

/** `partial_success` of an answer; `undefined` when it is not set. */
export function partialSuccess(answer: HttpAnswer): { rejected: unknown; message: string } | undefined {
  if (answer.headers['content-type']?.startsWith(CONTENT_TYPE.json) === true) {
    const { partialSuccess: partial } = JSON.parse(answer.body.toString()) as { partialSuccess?: Record<string, unknown> }
    if (partial === undefined) return undefined
    const [, rejected] = Object.entries(partial).find(([key]) => key.startsWith('rejected')) ?? ['', '0']
    return { rejected, message: typeof partial['errorMessage'] === 'string' ? partial['errorMessage'] : '' }
  }
  return partialSuccessOf(answer.body)
}

/** `partial_success` of an `Export…ServiceResponse` in protobuf. */
export function partialSuccessOf(response: Buffer): { rejected: unknown; message: string } | undefined {
  const partial = readFields(response).get(1)?.[0]
  if (!(partial instanceof Buffer)) return undefined
  const fields: Fields = readFields(partial)
  return { rejected: String(fields.get(1)?.[0] ?? 0), message: textOf(fields, 2) }
}

/** @throws PointFailed unless the answer is 200 with nothing to say. */
export function mustBeStored(what: string, answer: HttpAnswer): void {
  mustAnswer(what, answer, 200)
  mustEqual(`${what}: partial_success`, partialSuccess(answer), undefined)
}
