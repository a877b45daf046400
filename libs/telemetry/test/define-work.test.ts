import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { defineWork } from '../src/index.ts'
import { inMemoryTelemetry } from './in-memory-telemetry.ts'

const fields = {
  'invoice.id': { type: 'string', cardinality: 'high' },
  'invoice.plan': { type: 'string' },
  'invoice.lines': { type: 'number', unit: '{line}' },
  'invoice.flags': { type: 'string[]' },
  'customer.name': { type: 'string', pii: 'personal', cardinality: 'high' },
} as const

describe('work with declared fields', () => {
  let memory: ReturnType<typeof inMemoryTelemetry>

  beforeEach(() => {
    memory = inMemoryTelemetry()
  })

  afterEach(() => memory.telemetry.shutdown())

  test('takes the declared names and types alone, and hides what is personal', async () => {
    const invoices = defineWork({ name: 'invoice.send', fields })
    expect(
      invoices.run((work) => {
        work.set('invoice.id', 'i-1')
        work.set('customer.name', 'Ann')
        work.add('invoice.lines', 2)
        work.set('invoice.flags', ['paid'])
        // @ts-expect-error: the compiler refuses a name that was not declared
        work.set('invoice.number', 1)
        // @ts-expect-error: and a value of another type
        work.set('invoice.plan', 7)
        // @ts-expect-error: and a counter that is a text
        work.add('invoice.id')
        return 'sent'
      }),
    ).toBe('sent')
    expect((await memory.events())[0]).toMatchObject({ eventName: 'invoice.send', attributes: { 'customer.name': '[redacted]', 'invoice.lines': 2, 'invoice.flags': ['paid'] } })
  })

  test('says in development what does not fit', () => {
    const violations: string[] = []
    const invoices = defineWork({ name: 'invoice.send', fields, onViolation: (message) => violations.push(message) })
    const fromOutside = JSON.parse('{"lines":"two","flags":[1]}') as { lines: number; flags: string[] }
    invoices.run((work) => {
      work.set('invoice.lines', fromOutside.lines)
      work.set('invoice.flags', fromOutside.flags)
      work.set('invoice.flags', [])
      work.set('invoice.plan', undefined)
      for (let id = 0; id < 300; id++) work.set('invoice.id', `i-${id}`)
      for (let plan = 0; plan < 300; plan++) work.set('invoice.plan', `plan ${plan}`)
    })
    expect(violations).toEqual([
      'invoice.send: the field invoice.lines is declared as number, and got string',
      'invoice.send: the field invoice.flags is declared as string[], and got number[]',
      'invoice.send: the field invoice.plan has more than 100 different values; declare its cardinality as high',
    ])
  })
})
