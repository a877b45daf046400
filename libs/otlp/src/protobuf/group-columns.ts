import { type BlockBuilder, EncodedTexts, FixedColumn, LowCardinalityColumn, MapColumn, type MapRow, StringColumn } from '@ballast/clickhouse'
import type { TranscodeOptions } from '../transcoded-block.ts'
import type { ResourceGroup, ScopeGroup } from './record-writer.ts'

/** Attribute of a resource that is a column of its own. */
export const SERVICE_NAME = Buffer.from('service.name')

/** A group without attributes. */
export const NO_PAIRS: MapRow = { keys: new Uint32Array(0), values: EncodedTexts.of('') }

/** Writes the columns that every signal has, and that are the same in all rows of a scope. Of each group they are encoded once. */
export class GroupColumns {
  readonly #serviceName: LowCardinalityColumn
  readonly #resourceAttributes: MapColumn
  readonly #scopeName: StringColumn
  readonly #tenantId: LowCardinalityColumn
  readonly #sampleRate: FixedColumn
  #serviceNameId = 0
  #tenantKey = 0
  #resourceRow = NO_PAIRS
  #scopeNameEncoded = EncodedTexts.of('')

  constructor(builder: BlockBuilder) {
    this.#serviceName = builder.column('ServiceName', LowCardinalityColumn)
    this.#resourceAttributes = builder.column('ResourceAttributes', MapColumn)
    this.#scopeName = builder.column('ScopeName', StringColumn)
    this.#tenantId = builder.column('TenantId', LowCardinalityColumn)
    this.#sampleRate = builder.column('SampleRate', FixedColumn)
  }

  begin(options: TranscodeOptions): void {
    this.#tenantKey = this.#tenantId.idOfText(options.tenantId)
  }

  beginScope(resource: ResourceGroup, scope: ScopeGroup): void {
    this.#serviceNameId = this.#serviceName.idOfText(resource.serviceName)
    this.#resourceRow = resource.attributes
    this.#scopeNameEncoded = EncodedTexts.of(scope.name)
  }

  /** Adds a row that stands for `sampleRate` records. */
  write(sampleRate: number): void {
    this.#serviceName.ids.push(this.#serviceNameId)
    this.#resourceAttributes.appendRow(this.#resourceRow)
    this.#scopeName.appendEncoded(this.#scopeNameEncoded, 1)
    this.#tenantId.ids.push(this.#tenantKey)
    this.#sampleRate.append64(sampleRate >>> 0, Math.floor(sampleRate / 2 ** 32))
  }
}
