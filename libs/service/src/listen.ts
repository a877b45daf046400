import type { FastifyInstance } from 'fastify'
import { ServiceError } from './errors.ts'

/**
 * Listens, and says in one sentence which port is taken and which variable moves it.
 *
 * @returns the port it listens on, also when 0 was asked for.
 * @throws ServiceError PORT_TAKEN
 */
export async function listen(server: FastifyInstance, at: { host: string; port: number; variable: string }): Promise<number> {
  try {
    await server.listen({ host: at.host, port: at.port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ServiceError('PORT_TAKEN', `port ${at.port} on ${at.host} is taken; set ${at.variable} to a free port, or stop what uses it.`, { cause: error })
  }
  const address = server.server.address()
  return typeof address === 'object' && address !== null ? address.port : at.port
}
