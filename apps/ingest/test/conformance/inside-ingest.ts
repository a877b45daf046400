import type { AddressInfo } from 'node:net'
import type { Address, Inside, StoredRow } from '../../src/conformance/point.ts'
import { byKey } from '../../src/tenants/authenticate.ts'
import { type OtlpServer, otlpServer } from '../otlp-server.ts'
import type { RunningIngest } from '../running-ingest.ts'

/** What the points want to know of ingest itself, beside what can be asked of any receiver. */
export async function insideIngest(ingest: RunningIngest): Promise<Inside & { close(): Promise<void> }> {
  const overloaded = await otlpServer({ journalMaxBytes: 1 })
  const locked = await otlpServer({}, byKey([], () => 0))
  const poisonable = await otlpServer()
  poisonable.store.poison = 'poison'
  const slow = await otlpServer()
  let release = (): void => undefined
  slow.files.gate = new Promise((resolve) => (release = resolve))
  const servers = [overloaded, locked, poisonable, slow]
  const [atOverloaded, atLocked, atPoisonable, atSlow] = (await Promise.all(servers.map(addressOf))) as [Address, Address, Address, Address]
  const rows = (query: string): Promise<readonly StoredRow[]> => ingest.rows(query)
  return {
    spans: (traceId) => rows(`SELECT *, toUnixTimestamp64Nano(Timestamp) AS startNanos FROM otel_traces WHERE TraceId = '${traceId}'`),
    logs: (service) => rows(`SELECT *, toUnixTimestamp64Nano(Timestamp) AS nanos FROM otel_logs WHERE ServiceName = '${service}'`),
    overloaded: atOverloaded,
    locked: atLocked,
    poisonable: atPoisonable,
    slow: {
      address: atSlow,
      async release() {
        release()
        await slow.settled()
        return slow.store.rows.length
      },
    },
    async close() {
      for (const server of servers) await server.close()
    },
  }
}

async function addressOf(server: OtlpServer): Promise<Address> {
  await server.server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, grpcTarget: `127.0.0.1:${await server.listenGrpc()}`, headers: {} }
}
