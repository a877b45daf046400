import { createTransport } from 'nodemailer'
import { SloError } from '../errors.ts'
import type { Channel } from '../outbox/channel.ts'
import type { Delivery } from '../outbox/delivery.ts'
import { headline, plainText } from './message-text.ts'

export interface EmailOptions {
  readonly target: string
  /** `smtp://` or `smtps://`, with the credentials. */
  readonly smtpUrl: string
  readonly from: string
  readonly to: readonly string[]
  readonly timeoutMs: number
}

/** Delivers by SMTP. The Message-ID is that of the delivery, so that most mail programs show a repetition once; an end answers its beginning. */
export class EmailChannel implements Channel {
  readonly target: string
  readonly timeoutMs: number
  readonly #options: EmailOptions

  constructor(options: EmailOptions) {
    this.#options = options
    this.target = options.target
    this.timeoutMs = options.timeoutMs
  }

  async send({ id, notice }: Delivery, signal: AbortSignal): Promise<void> {
    const { smtpUrl, from, to, timeoutMs } = this.#options
    const url = new URL(smtpUrl)
    const transport = createTransport({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (url.protocol === 'smtps:' ? 465 : 587) : Number(url.port),
      secure: url.protocol === 'smtps:',
      ...(url.username !== '' && { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      // A message is made of our own text: nothing in it names a file or an address to read.
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    const abort = (): void => transport.close()
    signal.addEventListener('abort', abort, { once: true })
    const thread = `<${notice.alert.id}@ballast.slo>`
    try {
      await transport.sendMail({ from, to: [...to], subject: headline(notice).replaceAll(/\s+/g, ' '), text: plainText(notice), messageId: `<${id}@ballast.slo>`, references: thread, inReplyTo: thread, headers: { 'Auto-Submitted': 'auto-generated' } })
    } catch (error) {
      const status = (error as { responseCode?: number }).responseCode
      // 5yz is for good, all else may pass; but wrong credentials may be mended.
      const permanent = status !== undefined && status >= 550 && status < 560
      throw new SloError('DELIVERY_FAILED', `the mail server did not take the message${status === undefined ? '' : ` (${status})`}: ${(error as Error).message}`, { cause: error, ...(permanent && { permanent: 'message' as const }) })
    } finally {
      signal.removeEventListener('abort', abort)
      transport.close()
    }
  }
}
