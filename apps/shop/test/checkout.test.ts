import { createLogger } from '@ballast/service'
import { currentWork } from '@ballast/telemetry'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Checkout } from '../src/checkout/checkout.ts'
import { OrderDatabase } from '../src/checkout/order-database.ts'
import { Packing } from '../src/checkout/packing.ts'

describe('the checkout', () => {
  const request = { productId: '7', quantity: 2, unitPriceCents: 150 }
  let orders: OrderDatabase
  let queued: string[]
  let queueIsThere: boolean
  let checkout: Checkout
  let packing: Packing

  beforeEach(() => {
    let number = 0
    queued = []
    queueIsThere = true
    orders = new OrderDatabase(':memory:', 5)
    const parcels = {
      add: async (orderId: string) => {
        if (queueIsThere) queued.push(orderId)
        return queueIsThere
      },
    }
    checkout = new Checkout(orders, parcels, () => `order-${++number}`)
    packing = new Packing(orders, parcels, createLogger('checkout', 'silent'))
  })

  afterEach(() => orders.close())

  test('writes an order once for each idempotency key, and queues one parcel', async () => {
    const first = await checkout.place(request, 'key-1')
    const again = await checkout.place(request, 'key-1')
    expect(first).toEqual({ order: { id: 'order-1', ...request, totalCents: 300 }, replayed: false })
    expect(again).toEqual({ order: first.order, replayed: true })
    expect([orders.count(), queued]).toEqual([1, ['order-1']])
  })

  test('writes an order each time when there is no key', async () => {
    expect((await checkout.place(request, undefined)).order.id).not.toBe((await checkout.place(request, undefined)).order.id)
    expect(orders.count()).toBe(2)
  })

  test('refuses a key that belongs to a different order', async () => {
    await checkout.place(request, 'key-1')
    await expect(checkout.place({ ...request, quantity: 3 }, 'key-1')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', statusCode: 422 })
    expect(orders.count()).toBe(1)
  })

  test('keeps the newest orders only', async () => {
    for (let i = 0; i < 12; i++) await checkout.place(request, `key-${i}`)
    expect(orders.count()).toBe(5)
    expect(orders.findByKey('key-11')?.id).toBe('order-12')
    expect(orders.findByKey('key-6')).toBeUndefined()
  })

  test('takes an order whose parcel cannot be queued; the sweep queues it later, until it is packed', async () => {
    const sweep = (): Promise<void> => packing.sweep(currentWork())
    queueIsThere = false
    expect((await checkout.place(request, 'key-1')).order.id).toBe('order-1')
    await sweep()
    expect(queued).toEqual([])
    queueIsThere = true
    await checkout.place(request, 'key-2')
    await sweep()
    expect(queued).toEqual(['order-2', 'order-1', 'order-2'])
    packing.pack('order-1')
    packing.pack('order-2')
    packing.pack('order-2')
    await sweep()
    expect([queued.length, orders.unpacked(10), orders.markPacked('order-1')]).toEqual([3, [], false])
  })
})
