/** Thrown to leave a request to the writers of records, which take every request. Always this one: it has no story to tell. */
export const notPlain = new Error('the request is not plain')
