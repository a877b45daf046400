import { createHttpServer, createLogger, Health } from '@ballast/service'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { applyFaults, faultRoutes } from '../src/faults/fault-routes.ts'
import { Faults } from '../src/faults/faults.ts'

describe('the faults', () => {
  test('hit the share of requests that was asked for', () => {
    const draws = [0.1, 0.29, 0.3, 0.9]
    const faults = new Faults(() => draws.shift()!)
    faults.switchOn({ kind: 'errors', share: 0.3 })
    expect(Array.from({ length: 4 }, () => faults.decide('GET', '/products/:id').fail)).toEqual([true, true, false, false])
  })

  test('hit the one route that was named, with or without its method', () => {
    const faults = new Faults(() => 0)
    faults.switchOn({ kind: 'errors', share: 1, route: '/orders' })
    faults.switchOn({ kind: 'slow', share: 1, delayMs: 70, route: 'GET /products/:id' })
    expect(faults.decide('POST', '/orders')).toEqual({ fail: true, delayMs: 0 })
    expect(faults.decide('GET', '/products/:id')).toEqual({ fail: false, delayMs: 70 })
    expect(faults.decide('POST', '/products/:id')).toEqual({ fail: false, delayMs: 0 })
  })

  test('replace the one of their kind, and all go off together', () => {
    const faults = new Faults(() => 0)
    faults.switchOn({ kind: 'slow', share: 1 })
    faults.switchOn({ kind: 'slow', share: 0.5 })
    faults.switchOn({ kind: 'errors', share: 1 })
    expect(faults.active).toEqual([{ kind: 'slow', share: 0.5 }, { kind: 'errors', share: 1 }])
    expect(faults.decide('GET', '/')).toEqual({ fail: true, delayMs: 1000 })
    faults.switchOff()
    expect(faults.active).toEqual([])
  })
})

describe('the fault routes', () => {
  let server: FastifyInstance

  beforeEach(async () => {
    const metrics = { text: async () => '' }
    server = createHttpServer({ log: createLogger('demo', 'silent'), health: new Health(), metrics })
    const faults = new Faults(() => 0)
    faultRoutes(server, faults)
    await server.register(async (business) => {
      applyFaults(business, faults)
      business.get('/products/:id', () => ({ ok: true }))
    })
  })

  afterEach(() => server.close())

  test('switch on, show and switch off; only business routes fail', async () => {
    const fault = { kind: 'errors', share: 1 }
    expect((await server.inject({ method: 'POST', url: '/faults', payload: fault })).json()).toEqual({ faults: [fault] })
    expect((await server.inject('/products/1')).statusCode).toBe(500)
    expect((await server.inject('/livez')).statusCode).toBe(200)
    expect((await server.inject('/faults')).json()).toEqual({ faults: [fault] })
    expect((await server.inject({ method: 'DELETE', url: '/faults' })).json()).toEqual({ faults: [] })
    expect((await server.inject('/products/1')).statusCode).toBe(200)
  })

  test.each([{ kind: 'meteor', share: 1 }, { kind: 'errors' }, { kind: 'errors', share: 2 }, { kind: 'slow', share: 1, delayMs: 600_001 }])('refuse %j', async (payload) => {
    expect((await server.inject({ method: 'POST', url: '/faults', payload })).statusCode).toBe(400)
    expect((await server.inject('/faults')).json()).toEqual({ faults: [] })
  })

  test('are for callers on this machine only', async () => {
    const response = await server.inject({ url: '/faults', remoteAddress: '10.1.2.3' })
    expect([response.statusCode, response.json().error.code]).toEqual([403, 'LOOPBACK_ONLY'])
  })
})
