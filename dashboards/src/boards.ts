import { serviceRed } from './boards/service-red.ts'
import type { BoardSpec } from './kit/board.ts'

/** Every dashboard, in the order in which they are read: from what users feel to what may cause it. */
export const boards: readonly BoardSpec[] = [serviceRed]
