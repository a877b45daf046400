import { z } from 'zod'
import { SloError } from '../errors.ts'
import { type CommandContext, type CommandResult, chosen, percent } from './command.ts'

const view = z.object({ status: z.string(), budgetRemaining: z.number().nullable(), alert: z.object({ severity: z.string() }).nullable() })
const TIMEOUT_MS = 10_000

/** Exit codes of the gate, for a pipeline. */
const OPEN = 0
const CLOSED = 1
const UNKNOWN = 3

/** Asks the running engine whether a release may go out: budget left, and nobody is being paged. */
export async function gate(context: CommandContext): Promise<CommandResult> {
  const { url, minBudget, slo } = context.options
  if (slo === undefined) throw new SloError('OPTION_INVALID', 'gate needs --slo NAME.')
  const answers = await Promise.all(chosen(context).map(async ({ name }) => ({ name, ...(await verdictOf(name, url, minBudget, context.signal)) })))
  const exitCode = answers.some(({ code }) => code === CLOSED) ? CLOSED : answers.some(({ code }) => code === UNKNOWN) ? UNKNOWN : OPEN
  return { lines: answers.map(({ name, reason }) => `${name}: ${reason}`), data: { open: exitCode === OPEN, objectives: answers.map(({ name, reason }) => ({ name, reason })) }, exitCode }
}

async function verdictOf(name: string, url: string, minBudget: number, signal: AbortSignal): Promise<{ readonly code: number; readonly reason: string }> {
  let answer: z.infer<typeof view>
  try {
    const response = await fetch(new URL(`/api/v1/objectives/${encodeURIComponent(name)}`, url), { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) })
    if (!response.ok) return { code: UNKNOWN, reason: `the engine at ${url} answers ${response.status}` }
    answer = view.parse(await response.json())
  } catch (error) {
    return { code: UNKNOWN, reason: `the engine at ${url} cannot be asked: ${(error as Error).message}` }
  }
  const { budgetRemaining: left, alert } = answer
  if (alert?.severity === 'page') return { code: CLOSED, reason: 'closed: a page is open' }
  if (left === null) return { code: UNKNOWN, reason: 'unknown: there is no data' }
  if (left < minBudget) return { code: CLOSED, reason: `closed: ${percent(left)} of the budget is left, ${percent(minBudget)} is needed` }
  return { code: OPEN, reason: `open: ${percent(left)} of the budget is left` }
}
