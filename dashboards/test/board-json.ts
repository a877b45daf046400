import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { generatedDirectory } from '../src/generated-files.ts'

/** A panel as Grafana loads it; what the tests look at. */
export interface PanelJson {
  readonly id: number
  readonly type: string
  readonly title?: string
  readonly description?: string
  readonly datasource?: { readonly uid: string }
  readonly interval?: string
  readonly timeFrom?: string
  readonly timeShift?: string
  readonly collapsed?: boolean
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly panels?: readonly PanelJson[]
  readonly targets?: readonly { readonly refId: string; readonly rawSql: string; readonly queryType: string; readonly datasource: { readonly uid: string } }[]
  readonly options?: { readonly content?: string; readonly [key: string]: unknown }
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string
      readonly min?: number
      readonly links?: readonly { readonly title: string; readonly url: string }[]
      readonly custom?: { readonly stacking?: { readonly mode: string }; readonly [key: string]: unknown }
    }
    readonly overrides: readonly { readonly matcher: { readonly options: string }; readonly properties: readonly { readonly id: string; readonly value: unknown }[] }[]
  }
}

/** A dashboard as Grafana loads it. */
export interface BoardJson {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly timezone: string
  readonly editable: boolean
  readonly graphTooltip: number
  readonly refresh: string
  readonly tags: readonly string[]
  readonly time: { readonly from: string; readonly to: string }
  readonly panels: readonly PanelJson[]
  readonly links: readonly { readonly keepTime: boolean; readonly includeVars: boolean }[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly label: string; readonly type: string; readonly refresh?: number; readonly multi?: boolean; readonly query: string | { readonly rawSql: string } }[] }
  readonly annotations: { readonly list: readonly { readonly name: string; readonly target?: { readonly rawSql: string } }[] }
}

/** Names of the generated files. */
export const files: readonly string[] = readdirSync(generatedDirectory).toSorted()

/** Every dashboard as it lies on disk. */
export const boardsOnDisk: readonly BoardJson[] = files.map((name) => JSON.parse(readFileSync(join(generatedDirectory, name), 'utf8')) as BoardJson)

/** Every panel with a query, those in closed rows as well. */
export function queryPanels(board: BoardJson): readonly PanelJson[] {
  return board.panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]).filter((panel) => panel.targets !== undefined && panel.targets.length > 0)
}
