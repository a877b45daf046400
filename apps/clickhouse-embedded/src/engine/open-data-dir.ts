import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ServiceError } from '@ballast/service'
import type { Connection, NativeEngine } from './native.ts'

/**
 * Opens the engine's data folder. The engine holds a lock on it, which the system frees when the process ends, however it ends.
 *
 * @throws ServiceError that says which process has the folder, or where the engine's own reason is.
 */
export async function openDataDir(native: NativeEngine, path: string, configFile: string): Promise<Connection> {
  try {
    return native.CreateConnection(path, [`--config-file=${configFile}`])
  } catch (error) {
    const pid = await holderOf(path)
    const message =
      pid === undefined
        ? `the engine could not open the data folder ${path}; it wrote the reason to stderr.`
        : `another process (${pid}) uses the data folder ${path}; stop it, or set CLICKHOUSE_EMBEDDED_DATA_DIR to another folder.`
    throw new ServiceError('DATA_DIR_UNUSABLE', message, { cause: error })
  }
}

/** The live process that the engine's `status` file names: the engine's error does not say that the lock is the problem. */
async function holderOf(path: string): Promise<number | undefined> {
  const status = await readFile(join(path, 'status'), 'utf8').catch(() => '')
  const pid = Number(/^PID: (\d+)$/m.exec(status)?.[1])
  if (!Number.isInteger(pid) || pid === process.pid) return undefined
  try {
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined
  }
}
