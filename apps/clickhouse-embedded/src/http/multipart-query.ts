import type { IncomingMessage } from 'node:http'
import { ClickHouseException } from '../errors.ts'
import { requestBody } from './request-body.ts'

/** Largest form, bytes: a form is read into memory, unlike other bodies. */
const MAX_FORM_BYTES = 16 * 2 ** 20

/** Whether the request carries its query and parameters as a form, as clients do when parameters are too long for a URL. */
export function isMultipart(request: IncomingMessage): boolean {
  return /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')
}

/**
 * The URL with the form's fields added to its parameters.
 *
 * @throws ClickHouseException INCORRECT_DATA for a broken form; NOT_IMPLEMENTED for files (external tables).
 */
export async function withFormFields(request: IncomingMessage, url: URL): Promise<URL> {
  const chunks: Buffer[] = []
  for await (const chunk of requestBody(request, MAX_FORM_BYTES)) chunks.push(chunk)
  let form: FormData
  try {
    form = await new Response(Buffer.concat(chunks), { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData()
  } catch (error) {
    throw ClickHouseException.of('INCORRECT_DATA', 'The multipart/form-data body cannot be read.', { cause: error })
  }
  const merged = new URL(url)
  for (const [name, value] of form) {
    if (typeof value !== 'string') throw ClickHouseException.of('NOT_IMPLEMENTED', `The form has a file (${name}): external tables are not supported by the embedded server.`)
    merged.searchParams.append(name, value)
  }
  return merged
}
