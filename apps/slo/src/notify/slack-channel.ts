import type { AlertNotice } from '../alert/alert.ts'
import type { Channel } from '../outbox/channel.ts'
import type { Delivery } from '../outbox/delivery.ts'
import { deployLines, differenceLines, facts, headline, linkList } from './message-text.ts'
import { post } from './post.ts'

/** Slack's limits, characters. */
const LIMIT = { header: 150, section: 3000, field: 2000, url: 3000 } as const
/** Fields of one section. */
const MAX_FIELDS = 10

export interface SlackOptions {
  readonly target: string
  /** An incoming webhook. */
  readonly url: string
  readonly timeoutMs: number
  readonly allowPrivate: boolean
}

/** Delivers to an incoming webhook of Slack. It has no ids to drop repetitions by, so a message may come twice after a crash. */
export class SlackChannel implements Channel {
  readonly target: string
  readonly timeoutMs: number
  readonly #options: SlackOptions

  constructor(options: SlackOptions) {
    this.#options = options
    this.target = options.target
    this.timeoutMs = options.timeoutMs
  }

  async send({ notice }: Delivery, signal: AbortSignal): Promise<void> {
    const { url, allowPrivate } = this.#options
    const body = JSON.stringify(slackMessage(notice))
    // 400: this message is not understood. 403, 404, 410: no message to this channel will be.
    await post({ url, headers: { 'content-type': 'application/json' }, body, signal, allowPrivate, refusals: { message: [400], target: [403, 404, 410] } })
  }
}

/** The message, within Slack's limits: a header, the facts, what differs, the links. */
export function slackMessage(notice: AlertNotice): object {
  const { data, state } = notice
  const line = headline(notice)
  const mark = state === 'resolved' ? ':white_check_mark:' : data.severity === 'page' ? ':rotating_light:' : ':warning:'
  const section = (title: string, lines: readonly string[]): object[] => (lines.length === 0 ? [] : [{ type: 'section', text: markdown(`*${title}*\n${lines.map((one) => `• ${escape(one)}`).join('\n')}`, LIMIT.section) }])
  const links = linkList(data).filter(({ url }) => url.length <= LIMIT.url)
  return {
    text: cut(`${mark} ${escape(line)}`, LIMIT.section),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(`${mark} ${line}`, LIMIT.header), emoji: true } },
      { type: 'section', fields: facts(data).slice(0, MAX_FIELDS).map(([name, value]) => markdown(`*${escape(name)}*\n${escape(value)}`, LIMIT.field)) },
      ...(state === 'firing' ? [...section('What differs', differenceLines(data)), ...section('New versions', deployLines(data)), ...section('Example traces', data.exampleTraceIds)] : []),
      ...(links.length === 0 ? [] : [{ type: 'context', elements: [markdown(links.map(({ name, url }) => `<${escape(url)}|${name}>`).join(' · '), LIMIT.section)] }]),
    ],
  }
}

function markdown(text: string, limit: number): object {
  return { type: 'mrkdwn', text: cut(text, limit) }
}

/** Slack reads these three characters as its own. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`
}
