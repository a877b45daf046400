/**
 * Freezes a value and all that it holds, and returns it. The contents of `Map`, `Set`, `Date` and buffers cannot be frozen in JavaScript and stay changeable;
 * an object that is frozen already is taken to be so all the way down.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const waiting: object[] = [value]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    // A buffer's bytes lie outside the object: Object.freeze refuses it.
    if (ArrayBuffer.isView(next)) continue
    Object.freeze(next)
    for (const part of Object.values(next) as unknown[]) {
      if (typeof part === 'object' && part !== null && !Object.isFrozen(part)) waiting.push(part)
    }
  }
  return value
}
