import type { FastifyInstance } from 'fastify'
import type { ClickHouse } from '@ballast/clickhouse'
import { IngestError } from '../errors.ts'
import type { JournalFiles } from '../journal/journal-files.ts'
import type { Authenticate } from '../tenants/authenticate.ts'
import type { Receipts } from './receipt.ts'
import { receiptState } from './receipt-state.ts'

export interface ReceiptRouteOptions {
  readonly authenticate: Authenticate
  readonly receipts: Receipts
  readonly files: Pick<JournalFiles, 'list' | 'read'>
  readonly client: Pick<ClickHouse, 'query'>
}

const RETRY_AFTER_SECONDS = 2

/** Adds `GET /receipts/:id`: what became of a request that was answered 200. */
export function addReceiptRoute(scope: FastifyInstance, { authenticate, receipts, files, client }: ReceiptRouteOptions): void {
  // A look reads a segment: one after another, so that many of them do not keep senders waiting.
  let turn: Promise<unknown> = Promise.resolve()
  scope.get<{ Params: { id: string } }>('/receipts/:id', async (request) => {
    const { id } = request.params
    const tenantId = await authenticate(request.headers, undefined)
    const sequence = receipts.sequenceOf(tenantId, id)
    if (sequence === undefined) throw new IngestError('NOT_FOUND', 'no receipt of this tenant and this instance of ingest.')
    const look = turn.then(() => receiptState({ files, client }, tenantId, sequence))
    turn = look.catch(() => undefined)
    try {
      return { id, ...(await look) }
    } catch (error) {
      throw new IngestError('UNAVAILABLE', `it is not in the journal any more, and ClickHouse cannot be asked: ${(error as Error).message}`, { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error })
    }
  })
}
