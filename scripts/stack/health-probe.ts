import { connect } from 'node:net'

/** Time an answer may take, milliseconds. */
const PROBE_TIMEOUT_MS = 3000

/** What a component answers about its health: `ready`, or why it is not. */
export async function healthOf(readyUrl: string): Promise<string> {
  try {
    const response = await fetch(readyUrl, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    const body = await response.text()
    return response.ok ? 'ready' : failures(body)
  } catch (error) {
    return `does not answer: ${reasonOf(error)}`
  }
}

/** Waits until a component is ready, or until the time is up. */
export async function becomesReady(readyUrl: string, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  while ((await healthOf(readyUrl)) !== 'ready' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
}

/**
 * Resolves when a server that was given by a variable answers.
 *
 * @throws Error naming the variable, not the URL, which may carry a password.
 */
export async function answers(url: string, variable: string): Promise<void> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) })
    if (response.ok) return
    throw new Error(`it answered ${response.status}`)
  } catch (error) {
    throw unreachable(variable, error)
  }
}

/**
 * Resolves when a server that was given by a variable accepts a TCP connection.
 *
 * @throws Error naming the variable, not the URL, which may carry a password.
 */
export async function accepts(url: string, defaultPort: number, variable: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: port === '' ? defaultPort : Number(port), timeout: PROBE_TIMEOUT_MS })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
      socket.once('timeout', () => reject(new Error(`no connection within ${PROBE_TIMEOUT_MS} ms`)))
    })
  } catch (error) {
    throw unreachable(variable, error)
  } finally {
    socket.destroy()
  }
}

function unreachable(variable: string, error: unknown): Error {
  return new Error(`The server that ${variable} names does not answer (${reasonOf(error)}); start it, or unset ${variable} to have one started here.`, { cause: error })
}

function failures(body: string): string {
  try {
    const { checks = {} } = JSON.parse(body) as { checks?: Record<string, { ok: boolean; message?: string }> }
    return Object.entries(checks).filter(([, check]) => !check.ok).map(([name, check]) => `${name}: ${check.message ?? 'failed'}`).join('; ') || 'not ready'
  } catch {
    return 'not ready'
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}
