import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@ballast/service'
import { jobHandler } from '@ballast/telemetry/job'
import { messageHeaders } from '@ballast/telemetry/message'
import { type Job, Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Parcels } from './checkout.ts'

/** Longest wait of an order for its place in the queue. Milliseconds. */
const ADD_TIMEOUT_MS = 500
/** Tries of a job, with growing pauses between them. */
const ATTEMPTS = 3
const RETRY_DELAY_MS = 500

interface ParcelJob {
  readonly orderId: string
}

/** A queue of parcels in Redis, by BullMQ. An order is in it at most once at a time. */
export class ParcelQueue implements Parcels {
  readonly #redisUrl: string
  readonly #options: { readonly prefix: string }
  readonly #log: Logger
  readonly #redis: Redis
  readonly #queue: Queue<ParcelJob>

  /** @param prefix - first part of the queue's keys in Redis. */
  constructor(redisUrl: string, prefix: string, log: Logger) {
    this.#redisUrl = redisUrl
    this.#options = { prefix }
    this.#log = log
    // A caller must not hang when Redis is away: nothing waits for a connection, and nothing is sent twice.
    this.#redis = this.#watched(new Redis(redisUrl, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: ADD_TIMEOUT_MS }))
    this.#queue = new Queue('orders', { ...this.#options, connection: this.#redis })
    this.#queue.on('error', (error) => log.warn({ err: error }, 'the queue of parcels has a problem'))
  }

  async add(orderId: string): Promise<boolean> {
    if (this.#redis.status !== 'ready') return false
    const options = { jobId: orderId, attempts: ATTEMPTS, backoff: { type: 'exponential', delay: RETRY_DELAY_MS }, removeOnComplete: true, removeOnFail: true }
    const added = this.#queue.add('pack', { orderId, ...messageHeaders() }, options).then(() => true)
    try {
      return await Promise.race([added, delay(ADD_TIMEOUT_MS, false, { ref: false })])
    } catch (error) {
      this.#log.warn({ err: error, orderId }, 'a parcel could not be queued')
      return false
    }
  }

  /**
   * Begins to take parcels out of the queue.
   *
   * @returns how to stop: waits for the parcel under way.
   */
  work(pack: (orderId: string) => void): () => Promise<void> {
    // Waits for jobs by a blocking command, which has no deadline.
    const redis = this.#watched(new Redis(this.#redisUrl, { maxRetriesPerRequest: null }))
    const handle = jobHandler(async (job: Job<ParcelJob>) => pack(job.data.orderId))
    const worker = new Worker<ParcelJob>('orders', (job) => handle(job), { ...this.#options, connection: redis })
    worker.on('error', (error) => this.#log.warn({ err: error }, 'parcels cannot be taken out of the queue'))
    return async () => {
      await worker.close(redis.status !== 'ready')
      redis.disconnect()
    }
  }

  async close(): Promise<void> {
    await this.#queue.close()
    this.#redis.disconnect()
  }

  #watched(redis: Redis): Redis {
    return redis.on('error', (error) => this.#log.debug({ err: error }, 'Redis of the queue'))
  }
}
