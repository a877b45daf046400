import { SloError } from '../errors.ts'
import type { Channel } from '../outbox/channel.ts'
import { Alertmanager, type AlertmanagerOptions } from './alertmanager.ts'
import { EmailChannel } from './email-channel.ts'
import { isHttpUrl } from './http-url.ts'
import type { NotifyPlan, TargetDefinition } from './notify-file.ts'
import { PAGER_DUTY_URL, PagerDutyChannel } from './pager-duty-channel.ts'
import { parseWebhookSecret } from './signature.ts'
import { SlackChannel } from './slack-channel.ts'
import { WebhookChannel } from './webhook-channel.ts'

/** Every target of a plan, ready to be sent to. */
export interface OpenTargets {
  readonly channels: readonly Channel[]
  readonly alertmanagers: readonly Alertmanager[]
}

/** Makes the targets, and reads their secrets. @throws SloError NOTIFY_UNREADABLE, NOTIFY_INVALID, WEBHOOK_SECRET_INVALID */
export function openTargets({ targets, secret }: NotifyPlan, alertmanager: Pick<AlertmanagerOptions, 'tickMs' | 'log' | 'onAttempt'>): OpenTargets {
  const channels: Channel[] = []
  const alertmanagers: Alertmanager[] = []
  for (const target of targets) {
    if (target.type === 'alertmanager') alertmanagers.push(new Alertmanager({ ...alertmanager, target: target.name, urls: target.urls, timeoutMs: target.timeout, heartbeat: target.heartbeat }))
    else channels.push(channelOf(target, secret))
  }
  return { channels, alertmanagers }
}

function channelOf(definition: Exclude<TargetDefinition, { type: 'alertmanager' }>, secret: (path: string) => string): Channel {
  const { name: target, timeout: timeoutMs, allowPrivate } = definition
  const address = (path: string, allowed = isHttpUrl): string => {
    const text = secret(path)
    if (!allowed(text)) throw new SloError('NOTIFY_INVALID', `the file ${path} of the target ${target} holds no address.`)
    return text
  }
  switch (definition.type) {
    case 'webhook':
      return new WebhookChannel({ target, url: definition.url ?? address(definition.urlFile!), keys: definition.secretFiles.map((path) => parseWebhookSecret(secret(path))), timeoutMs, allowPrivate })
    case 'slack':
      return new SlackChannel({ target, url: address(definition.urlFile), timeoutMs, allowPrivate })
    case 'pagerduty':
      return new PagerDutyChannel({ target, url: definition.url ?? PAGER_DUTY_URL, routingKey: secret(definition.routingKeyFile), timeoutMs, allowPrivate })
    case 'email':
      return new EmailChannel({ target, smtpUrl: address(definition.smtpUrlFile, (text) => /^smtps?:\/\/[^/]+/.test(text) && URL.canParse(text)), from: definition.from, to: definition.to, timeoutMs })
  }
}
