import { writeFile } from 'node:fs/promises'
import { MERGE_THREADS } from './merge-threads.ts'

/** Limits of the engine as a whole. */
export interface EngineLimits {
  /** Memory of the process above which queries fail, bytes. */
  readonly maxServerMemoryBytes: number
  /** Folder that BACKUP … TO File(…) writes below. */
  readonly backupsPath: string
}

/** Writes the engine's server configuration: what cannot be a setting of a query. Small pools and caches, for one machine. */
export async function writeEngineConfig(file: string, limits: EngineLimits): Promise<void> {
  const values: Readonly<Record<string, string | number>> = {
    max_server_memory_usage: limits.maxServerMemoryBytes,
    // Caches that a server sizes for tens of gigabytes.
    mark_cache_size: 64 * 2 ** 20,
    index_mark_cache_size: 32 * 2 ** 20,
    uncompressed_cache_size: 0,
    index_uncompressed_cache_size: 0,
    mmap_cache_size: 0,
    background_pool_size: MERGE_THREADS,
    background_merges_mutations_concurrency_ratio: 2,
    background_common_pool_size: 2,
    background_schedule_pool_size: 4,
    background_fetches_pool_size: 1,
    background_move_pool_size: 1,
    background_buffer_flush_schedule_pool_size: 1,
    background_distributed_schedule_pool_size: 1,
    background_message_broker_schedule_pool_size: 1,
    // No new merge begins while merges hold this much: queries and inserts keep the rest.
    merges_mutations_memory_usage_soft_limit: Math.floor(limits.maxServerMemoryBytes / 3),
  }
  const lines = Object.entries(values).map(([name, value]) => `  <${name}>${value}</${name}>`)
  const mergeTree = [
    '  <merge_tree>',
    // The defaults expect a pool of 16 threads and refuse to start with fewer.
    '    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>',
    '    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>',
    '    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>',
    '  </merge_tree>',
  ]
  const backups = `  <backups><allowed_path>${escapeXml(limits.backupsPath)}</allowed_path></backups>`
  await writeFile(file, ['<clickhouse>', ...lines, ...mergeTree, backups, '</clickhouse>', ''].join('\n'))
}

function escapeXml(text: string): string {
  return text.replace(/[<>&]/g, (char) => `&#${char.charCodeAt(0)};`)
}
