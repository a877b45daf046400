/** How a statement runs: `rows` streams a SELECT, `statement` gives its small result whole, `insert` counts what it writes. */
export type RunMode = 'rows' | 'statement' | 'insert'

/** What one run needs. */
export interface EngineQuery {
  readonly mode: RunMode
  readonly sql: string
  /** Output format when the statement names none. */
  readonly format: string
  readonly database: string | undefined
  /** For this query alone, in order; the last of equal names counts. */
  readonly settings: readonly (readonly [name: string, value: string])[]
  /** Values of `{name:Type}` in ClickHouse's escaped form. */
  readonly parameters: readonly (readonly [name: string, value: string])[]
  /** `readonly` of the session, set after everything else. */
  readonly readonly: number
}

/** To an engine thread. One query at a time; each `next` asks for one piece. */
export type ToThread =
  | { readonly type: 'run'; readonly tag: string; readonly query: EngineQuery }
  | { readonly type: 'next' }
  | { readonly type: 'cancel' }
  | { readonly type: 'stop' }

/** What a finished query read and wrote. */
export interface QueryFigures {
  readonly readRows: number
  readonly readBytes: number
  readonly resultRows: number
  readonly resultBytes: number
  readonly writtenRows: number
  readonly writtenBytes: number
}

/** From an engine thread. `done` and `failed` end the query: the thread is free again. */
export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'piece'; readonly bytes: Uint8Array }
  | { readonly type: 'done'; readonly figures: QueryFigures }
  | { readonly type: 'failed'; readonly message: string }
