import { randomBytes } from 'node:crypto'

/** 96 random bits; short, because it goes with each load. */
const processToken = randomBytes(12).toString('base64url')
let tokens = 0

/** A token nobody else has. It proves ownership; it orders nothing. */
export function nextToken(): string {
  return `${processToken}:${++tokens}`
}
