import { DatabaseSync, type StatementSync } from 'node:sqlite'

/** What a customer ordered. */
export interface OrderRequest {
  readonly productId: string
  readonly quantity: number
  /** Price of one, in cents. */
  readonly unitPriceCents: number
}

/** An order that was written. */
export interface Order extends OrderRequest {
  readonly id: string
  readonly totalCents: number
}

const BUSY_TIMEOUT_MS = 2_000
/** So many of the newest orders are looked through for parcels that nobody packed. */
const SWEPT_ORDERS = 10_000

/** The checkout's own database, in one file. Keeps the newest orders only: the shop is a demo that may run for weeks. */
export class OrderDatabase {
  readonly #database: DatabaseSync
  readonly #maxOrders: number
  readonly #byKey: StatementSync
  readonly #insert: StatementSync
  readonly #prune: StatementSync
  readonly #pruneParcels: StatementSync
  readonly #pack: StatementSync
  readonly #unpacked: StatementSync

  /**
   * @param path - of the file, or `:memory:`.
   * @param maxOrders - older orders are deleted.
   */
  constructor(path: string, maxOrders = 100_000) {
    this.#maxOrders = maxOrders
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, idempotency_key TEXT UNIQUE, product_id TEXT NOT NULL, quantity INTEGER NOT NULL, unit_price_cents INTEGER NOT NULL) STRICT',
    )
    this.#database.exec('CREATE TABLE IF NOT EXISTS parcels (order_number INTEGER PRIMARY KEY) STRICT')
    this.#byKey = this.#database.prepare('SELECT id, product_id, quantity, unit_price_cents FROM orders WHERE idempotency_key = ?')
    this.#insert = this.#database.prepare('INSERT INTO orders (id, idempotency_key, product_id, quantity, unit_price_cents) VALUES (?, ?, ?, ?, ?)')
    this.#prune = this.#database.prepare('DELETE FROM orders WHERE number <= ?')
    this.#pruneParcels = this.#database.prepare('DELETE FROM parcels WHERE order_number <= ?')
    this.#pack = this.#database.prepare('INSERT OR IGNORE INTO parcels (order_number) SELECT number FROM orders WHERE id = ?')
    this.#unpacked = this.#database.prepare(
      `SELECT id FROM orders WHERE number > (SELECT max(number) FROM orders) - ${SWEPT_ORDERS} AND number NOT IN (SELECT order_number FROM parcels) ORDER BY number LIMIT ?`,
    )
  }

  /** The order that was written with this key, if there is one. */
  findByKey(idempotencyKey: string): Order | undefined {
    const row = this.#byKey.get(idempotencyKey)
    if (row === undefined) return undefined
    return orderOf(String(row['id']), { productId: String(row['product_id']), quantity: Number(row['quantity']), unitPriceCents: Number(row['unit_price_cents']) })
  }

  /** Writes an order. The key, where there is one, must be new. */
  insert(id: string, idempotencyKey: string | undefined, request: OrderRequest): Order {
    const { lastInsertRowid } = this.#insert.run(id, idempotencyKey ?? null, request.productId, request.quantity, request.unitPriceCents)
    this.#prune.run(Number(lastInsertRowid) - this.#maxOrders)
    this.#pruneParcels.run(Number(lastInsertRowid) - this.#maxOrders)
    return orderOf(id, request)
  }

  /** Notes that the parcel of an order is packed. False when it was already, or when there is no such order. */
  markPacked(id: string): boolean {
    return this.#pack.run(id).changes === 1
  }

  /** Ids of newer orders whose parcel is not packed, oldest first. */
  unpacked(limit: number): string[] {
    return this.#unpacked.all(limit).map((row) => String(row['id']))
  }

  count(): number {
    return Number(this.#database.prepare('SELECT count(*) AS count FROM orders').get()?.['count'])
  }

  close(): void {
    this.#database.close()
  }
}

function orderOf(id: string, request: OrderRequest): Order {
  return { id, productId: request.productId, quantity: request.quantity, unitPriceCents: request.unitPriceCents, totalCents: request.quantity * request.unitPriceCents }
}
