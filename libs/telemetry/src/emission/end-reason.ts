/** Why a unit of work was ended by the library: the process stopped before the work did. */
export type EndReason = 'shutdown' | 'process_exit' | 'uncaught_exception'
