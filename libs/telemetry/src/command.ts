import type { UnitOfWorkOptions } from './work/options.ts'
import { unitOfWork } from './work/unit-of-work.ts'
import type { Work } from './work/work.ts'

/** Options of {@link runCommand}. */
export interface CommandOptions extends Pick<UnitOfWorkOptions, 'limits' | 'redactNames' | 'fields'> {
  /** Called with what the command throws; else it is passed on. */
  readonly onError?: (error: unknown) => void
}

/**
 * Runs a command of a CLI as a unit of work. The command returns its exit code, or nothing for 0; a code other than 0 is an error.
 * Arguments are not recorded, because people put secrets there: set what is worth knowing as fields.
 *
 * @returns the exit code: 1 when the command threw and `onError` is given. Set `process.exitCode` to it.
 */
export async function runCommand(name: string, command: (work: Work) => number | void | Promise<number | void>, options: CommandOptions = {}): Promise<number> {
  const { onError, ...rest } = options
  try {
    return await unitOfWork(name, rest, async (work) => {
      const code = (await command(work)) ?? 0
      work.set('process.exit.code', code)
      if (code !== 0) work.outcome('error')
      return code
    })
  } catch (error) {
    if (onError === undefined) throw error
    onError(error)
    return 1
  }
}
