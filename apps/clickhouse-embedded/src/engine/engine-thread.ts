import { parentPort, workerData } from 'node:worker_threads'
import type { EngineQuery, FromThread, QueryFigures, ToThread } from './engine-messages.ts'
import { type Connection, loadNativeEngine, type StreamHandle } from './native.ts'
import { sessionStatements } from './session-sql.ts'

// One thread is one turn for a query. Planning a streamed query blocks its thread, so it must not be the event loop's.
// Every query has a session of its own (about 1 ms), which is what keeps its settings and parameters to itself.

const port = parentPort
if (port === null) throw new Error('engine-thread.ts runs as a worker thread of engine.ts')
const { path } = workerData as { path: string }
const native = loadNativeEngine()
const nothing: Uint8Array = new Uint8Array(0)
const noFigures: QueryFigures = { readRows: 0, readBytes: 0, resultRows: 0, resultBytes: 0, writtenRows: 0, writtenBytes: 0 }

let wake: (() => void) | undefined
let pull = 0
let cancelled = false

function send(message: FromThread): void {
  port?.postMessage(message)
}

/** Waits until a piece is asked for; false when the query is to stop. */
async function asked(): Promise<boolean> {
  while (pull === 0 && !cancelled) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  pull--
  return !cancelled
}

async function stream(handle: StreamHandle): Promise<QueryFigures> {
  let resultRows = 0
  let resultBytes = 0
  try {
    while (await asked()) {
      const piece = await native.StreamFetch(handle)
      if (piece.done) break
      resultRows += piece.numRows
      resultBytes += piece.bytes.length
      send({ type: 'piece', bytes: piece.bytes })
    }
  } finally {
    native.StreamCancel(handle)
  }
  return { ...noFigures, resultRows, resultBytes }
}

async function statement(connection: Connection, query: EngineQuery): Promise<QueryFigures> {
  const result = await native.QueryAsyncConnection(connection, query.sql, query.format)
  if (result.bytes.length > 0 && (await asked())) send({ type: 'piece', bytes: result.bytes })
  return { ...noFigures, resultRows: result.rowsRead, resultBytes: result.bytes.length }
}

async function insert(connection: Connection, query: EngineQuery): Promise<QueryFigures> {
  const result = await native.InsertRawAsyncConnection(connection, query.sql, nothing, false)
  return { ...noFigures, writtenRows: result.rowsWritten, writtenBytes: result.bytesWritten }
}

async function execute(connection: Connection, tag: string, query: EngineQuery): Promise<QueryFigures> {
  for (const sql of sessionStatements(query, tag)) native.QueryWithConnection(connection, sql, 'Null')
  if (query.mode === 'insert') return insert(connection, query)
  if (query.mode === 'statement') return statement(connection, query)
  let handle: StreamHandle
  try {
    handle = native.StreamQuery(connection, query.sql, query.format)
  } catch (error) {
    if (error instanceof Error && error.message.includes('Streaming query is not supported for query')) return statement(connection, query)
    throw error
  }
  return stream(handle)
}

async function run(tag: string, query: EngineQuery): Promise<void> {
  pull = 0
  cancelled = false
  let outcome: FromThread
  try {
    const connection = native.CreateConnection(path)
    try {
      outcome = { type: 'done', figures: await execute(connection, tag, query) }
    } finally {
      native.CloseConnection(connection)
    }
  } catch (error) {
    outcome = { type: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
  send(outcome)
}

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'run':
      void run(message.tag, message.query)
      break
    case 'next':
      pull++
      wake?.()
      break
    case 'cancel':
      cancelled = true
      wake?.()
      break
    case 'stop':
      port.close()
      break
  }
})
send({ type: 'ready' })
