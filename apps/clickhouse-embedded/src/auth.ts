import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ClickHouseException } from './errors.ts'
import { header } from './http/query-request.ts'

/** The one user of the embedded server. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/**
 * Checks user and password, from `X-ClickHouse-User`/`-Key`, Basic authentication, or the URL.
 *
 * @throws ClickHouseException AUTHENTICATION_FAILED, the same whether the user or the password is wrong.
 */
export function authenticate(expected: Credentials, url: URL, headers: IncomingHttpHeaders): void {
  const given = givenCredentials(url, headers)
  const userMatches = same(given.user, expected.user)
  const passwordMatches = same(given.password, expected.password)
  if (userMatches && passwordMatches) return
  throw ClickHouseException.of(
    'AUTHENTICATION_FAILED',
    `${given.user.slice(0, 64)}: Authentication failed: password is incorrect, or there is no user with such name.`,
    { httpStatus: 401 },
  )
}

function givenCredentials(url: URL, headers: IncomingHttpHeaders): Credentials {
  const user = header(headers, 'x-clickhouse-user')
  const key = header(headers, 'x-clickhouse-key')
  if (user !== undefined || key !== undefined) return { user: user ?? 'default', password: key ?? '' }
  const basic = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '')
  if (basic !== null) {
    const [name = '', ...rest] = Buffer.from(basic[1] ?? '', 'base64').toString('utf8').split(':')
    return { user: name || 'default', password: rest.join(':') }
  }
  return { user: url.searchParams.get('user') ?? 'default', password: url.searchParams.get('password') ?? '' }
}

/** Compares in a time that does not depend on how much is right. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
