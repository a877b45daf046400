import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { SloError } from '../errors.ts'
import { addressRefused, guardedLookup, isAllowedAddress } from './address-guard.ts'
import { parseRetryAfter } from './retry-delay.ts'

/** A request to a target. */
export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
  /** Whether the address may be one inside of a network. */
  readonly allowPrivate: boolean
  /** Answers after which another attempt is of no use: statuses that refuse this message, or the whole target. */
  readonly refusals?: { readonly message?: readonly number[]; readonly target?: readonly number[] }
  /** The clock, for `Retry-After` dates. @default Date.now */
  readonly now?: () => number
}

/** What a target answers is read up to here, bytes; it is only for the log. */
const MAX_ANSWER_BYTES = 2048

/**
 * Posts, once, to an address that was checked. Redirects are failures: following one would hand alerts to an address that nobody configured.
 *
 * @returns the status and the beginning of the body.
 * @throws SloError DELIVERY_FAILED for every answer but 2xx, ADDRESS_REFUSED, or what the network throws.
 */
export async function post({ url, headers, body, signal, allowPrivate, refusals = {}, now = Date.now }: Post): Promise<{ readonly status: number; readonly body: string }> {
  const answer = await send(url, headers, body, signal, allowPrivate)
  if (answer.status >= 200 && answer.status < 300) return answer
  const retryAfterMs = parseRetryAfter(answer.retryAfter ?? null, now())
  const permanent = refusals.target?.includes(answer.status) === true ? 'target' : refusals.message?.includes(answer.status) === true ? 'message' : undefined
  const said = answer.body === '' ? '' : `: ${answer.body.replaceAll(/\s+/g, ' ').slice(0, 200)}`
  throw new SloError('DELIVERY_FAILED', `the target answered ${answer.status}${said}; it is to answer 2xx to take an alert.`, { ...(retryAfterMs !== undefined && { retryAfterMs }), ...(permanent !== undefined && { permanent }) })
}

interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  readonly body: string
}

function send(url: string, headers: Readonly<Record<string, string>>, body: string, signal: AbortSignal, allowPrivate: boolean): Promise<Answer> {
  const target = new URL(url)
  const host = target.hostname.replace(/^\[|\]$/g, '')
  // No lookup is made for an address that is written as one.
  if (isIP(host) !== 0 && !isAllowedAddress(host, allowPrivate)) return Promise.reject(addressRefused())
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, lookup: guardedLookup(allowPrivate), agent: false, signal }
    const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text = (text + chunk).slice(0, MAX_ANSWER_BYTES)
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], body: text }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}
