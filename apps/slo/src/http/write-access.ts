import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import { SloError } from '../errors.ts'

/** What is looked at of a request. */
export interface WriteRequest {
  readonly headers: { readonly authorization?: string | undefined; readonly host?: string | undefined }
  readonly ip: string
}

/**
 * Lets those write who know the token; without a token, who is on this machine and asks for it by a name of this machine, so that
 * a page of somebody else's in a browser here cannot.
 *
 * @throws SloError UNAUTHORIZED
 */
export function checkWriteAccess(token: string, { headers, ip }: WriteRequest): void {
  if (token === '') {
    if (isLoopback(ip) && isLoopback(hostOf(headers.host))) return
    throw new SloError('UNAUTHORIZED', 'without SLO_API_TOKEN only this machine may write, under a name of its own such as 127.0.0.1.', { statusCode: 401 })
  }
  const given = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? ''
  if (!timingSafeEqual(digest(given), digest(token))) throw new SloError('UNAUTHORIZED', 'send the token of SLO_API_TOKEN as "Authorization: Bearer …".', { statusCode: 401 })
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('::ffff:127.') || (isIP(host) === 4 && host.startsWith('127.'))
}

function hostOf(header: string | undefined): string {
  return URL.canParse(`http://${header}`) ? new URL(`http://${header}`).hostname.replace(/^\[|\]$/g, '') : ''
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
