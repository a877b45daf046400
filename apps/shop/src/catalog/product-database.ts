import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { Product } from '../product.ts'
import { type Random, seededRandom } from '../random.ts'

const BRANDS = ['Alder', 'Birch', 'Cedar', 'Dogwood', 'Elm', 'Fir', 'Hazel', 'Juniper', 'Larch', 'Maple'] as const
const MATERIALS = ['brass', 'canvas', 'cork', 'glass', 'linen', 'oak', 'slate', 'steel', 'stone', 'wool'] as const
const THINGS = ['basket', 'bench', 'bottle', 'chair', 'kettle', 'lamp', 'mirror', 'pan', 'shelf', 'table'] as const
/** Of the products of a new database; a fixed one, so that every fresh shop sells the same. */
const SEED = 20_260_101
const BUSY_TIMEOUT_MS = 2_000

/** The catalog's own database, in one file. */
export class ProductDatabase {
  readonly #database: DatabaseSync
  readonly #one: StatementSync
  readonly #setPrice: StatementSync

  /**
   * Opens the database; fills it when it is new.
   *
   * @param path - of the file, or `:memory:`.
   * @param products - how many products a new one gets.
   */
  constructor(path: string, products: number) {
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS products (id TEXT PRIMARY KEY, name TEXT NOT NULL, brand TEXT NOT NULL, price_cents INTEGER NOT NULL, description TEXT NOT NULL) STRICT',
    )
    if (this.count() === 0) this.#fill(products, seededRandom(SEED))
    this.#one = this.#database.prepare('SELECT id, name, brand, price_cents, description FROM products WHERE id = ?')
    this.#setPrice = this.#database.prepare('UPDATE products SET price_cents = ? WHERE id = ?')
  }

  count(): number {
    return Number(this.#database.prepare('SELECT count(*) AS count FROM products').get()?.['count'])
  }

  /** The product, or `null` when there is none. */
  product(id: string): Product | null {
    const row = this.#one.get(id)
    if (row === undefined) return null
    return { id: String(row['id']), name: String(row['name']), brand: String(row['brand']), priceCents: Number(row['price_cents']), description: String(row['description']) }
  }

  setPrice(id: string, priceCents: number): void {
    this.#setPrice.run(priceCents, id)
  }

  close(): void {
    this.#database.close()
  }

  /** All products or none, so that a start that was cut off is repeated. */
  #fill(products: number, random: Random): void {
    const insert = this.#database.prepare('INSERT INTO products (id, name, brand, price_cents, description) VALUES (?, ?, ?, ?, ?)')
    const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)]!
    this.#database.exec('BEGIN IMMEDIATE')
    for (let id = 1; id <= products; id++) {
      const [brand, material, thing] = [pick(BRANDS), pick(MATERIALS), pick(THINGS)]
      const priceCents = 99 + Math.floor(random() * 50_000)
      insert.run(String(id), `${brand} ${material} ${thing}`, brand, priceCents, `A ${thing} of ${material} by ${brand}, number ${id} of the range.`)
    }
    this.#database.exec('COMMIT')
  }
}
