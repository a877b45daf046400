import { type BlockBuilder, LowCardinalityColumn, MapColumn } from '@ballast/clickhouse'
import { NO_PAIRS } from './group-columns.ts'
import type { ResourceGroup, ScopeGroup } from './record-writer.ts'

/** Writes the columns of resource and scope that only `otel_logs` has. */
export class LogGroupColumns {
  readonly #resourceSchemaUrl: LowCardinalityColumn
  readonly #scopeSchemaUrl: LowCardinalityColumn
  readonly #scopeVersion: LowCardinalityColumn
  readonly #scopeAttributes: MapColumn
  #resourceSchemaUrlId = 0
  #scopeSchemaUrlId = 0
  #scopeVersionId = 0
  #scopeRow = NO_PAIRS

  constructor(builder: BlockBuilder) {
    this.#resourceSchemaUrl = builder.column('ResourceSchemaUrl', LowCardinalityColumn)
    this.#scopeSchemaUrl = builder.column('ScopeSchemaUrl', LowCardinalityColumn)
    this.#scopeVersion = builder.column('ScopeVersion', LowCardinalityColumn)
    this.#scopeAttributes = builder.column('ScopeAttributes', MapColumn)
  }

  beginScope(resource: ResourceGroup, scope: ScopeGroup): void {
    this.#resourceSchemaUrlId = this.#resourceSchemaUrl.idOfText(resource.schemaUrl)
    this.#scopeSchemaUrlId = this.#scopeSchemaUrl.idOfText(scope.schemaUrl)
    this.#scopeVersionId = this.#scopeVersion.idOfText(scope.version)
    this.#scopeRow = scope.attributes ?? NO_PAIRS
  }

  /** Adds a row. */
  write(): void {
    this.#resourceSchemaUrl.ids.push(this.#resourceSchemaUrlId)
    this.#scopeSchemaUrl.ids.push(this.#scopeSchemaUrlId)
    this.#scopeVersion.ids.push(this.#scopeVersionId)
    this.#scopeAttributes.appendRow(this.#scopeRow)
  }
}
