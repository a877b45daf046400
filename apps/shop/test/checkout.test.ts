import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Checkout } from '../src/checkout/checkout.ts'
import { OrderDatabase } from '../src/checkout/order-database.ts'

describe('the checkout', () => {
  const request = { productId: '7', quantity: 2, unitPriceCents: 150 }
  let orders: OrderDatabase
  let checkout: Checkout

  beforeEach(() => {
    let number = 0
    orders = new OrderDatabase(':memory:', 5)
    checkout = new Checkout(orders, () => `order-${++number}`)
  })

  afterEach(() => orders.close())

  test('writes an order once for each idempotency key', () => {
    const first = checkout.place(request, 'key-1')
    const again = checkout.place(request, 'key-1')
    expect(first).toEqual({ order: { id: 'order-1', ...request, totalCents: 300 }, replayed: false })
    expect(again).toEqual({ order: first.order, replayed: true })
    expect(orders.count()).toBe(1)
  })

  test('writes an order each time when there is no key', () => {
    expect(checkout.place(request, undefined).order.id).not.toBe(checkout.place(request, undefined).order.id)
    expect(orders.count()).toBe(2)
  })

  test('refuses a key that belongs to a different order', () => {
    checkout.place(request, 'key-1')
    expect(() => checkout.place({ ...request, quantity: 3 }, 'key-1')).toThrow(expect.objectContaining({ code: 'IDEMPOTENCY_KEY_REUSED', statusCode: 422 }) as Error)
    expect(orders.count()).toBe(1)
  })

  test('keeps the newest orders only', () => {
    for (let i = 0; i < 12; i++) checkout.place(request, `key-${i}`)
    expect(orders.count()).toBe(5)
    expect(orders.findByKey('key-11')?.id).toBe('order-12')
    expect(orders.findByKey('key-6')).toBeUndefined()
  })
})
