import { spawn } from 'node:child_process'

/**
 * Makes sure that a program that knows nothing of us ends with this process, even when this process is killed:
 * a small shell waits for the end of a pipe that only this process holds open, and then stops the program.
 *
 * @returns a function that ends the guard, to call once the program has stopped by itself.
 */
export function stopWithThisProcess(pid: number): () => void {
  const guard = spawn('sh', ['-c', 'cat >/dev/null; kill "$1" 2>/dev/null', 'sh', String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.unref()
  guard.on('error', () => {})
  return () => void guard.kill('SIGKILL')
}
