import { createHmac } from 'node:crypto'
import { SloError } from '../errors.ts'

const PREFIX = 'whsec_'
const MIN_KEY_BYTES = 24
const MAX_KEY_BYTES = 64

/**
 * Reads a standard-webhooks secret: `whsec_` and the base64 of 24 to 64 bytes.
 *
 * @throws SloError WEBHOOK_SECRET_INVALID; the secret is not repeated.
 */
export function parseWebhookSecret(secret: string): Buffer {
  const encoded = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : ''
  const key = Buffer.from(encoded, 'base64')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || key.length < MIN_KEY_BYTES || key.length > MAX_KEY_BYTES) {
    throw new SloError('WEBHOOK_SECRET_INVALID', `the webhook secret is not one; allowed: ${PREFIX} and the base64 of ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} random bytes.`)
  }
  return key
}

/** The `webhook-signature` of a message: standard-webhooks 1.0, HMAC-SHA256 over `id.timestamp.body`. */
export function webhookSignature(key: Buffer, message: { readonly id: string; readonly timestampSeconds: number; readonly body: string }): string {
  const signed = `${message.id}.${message.timestampSeconds}.${message.body}`
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}
