import type { FastifyRequest } from 'fastify'
import { ShopError } from '../errors.ts'

/** A hook that refuses callers on other machines. @throws {@link ShopError} `LOOPBACK_ONLY`. */
export async function loopbackOnly(request: FastifyRequest): Promise<void> {
  if (!isLoopback(request.ip)) throw new ShopError('LOOPBACK_ONLY', 'this is switched from this machine only')
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}
