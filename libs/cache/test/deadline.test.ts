import { expect, test } from 'vitest'
import { MessageChannel } from 'node:worker_threads'
import { DeadlineError, withDeadline } from '../src/redis/deadline.ts'

test('an answer that does not come in time is replaced by an error', async () => {
  await expect(withDeadline(new Promise(() => {}), 10)).rejects.toThrow(DeadlineError)
})

test('an answer that came in time but was not read yet, because the process was busy, counts', async () => {
  const { port1, port2 } = new MessageChannel()
  const answer = withDeadline(new Promise((resolve) => void port1.once('message', resolve)), 20)
  // From here on timers come before messages, as they do when a timer is late.
  await new Promise((resolve) => setImmediate(resolve))
  port2.postMessage('answer')
  const busyUntil = performance.now() + 60
  while (performance.now() < busyUntil);
  await expect(answer).resolves.toBe('answer')
  port1.close()
})
