/** More shapes than this, or more bytes of them, are not worth carrying in each entry: the objects have keys that are data. */
export const MAX_SHAPES = 16
export const MAX_SHAPES_BYTES = 512
/** Decoders kept, one for each set of shapes seen. A process sees one set per definition and version of the code that fills it. */
export const MAX_SHAPE_SETS = 32

/** Whether it is a list of lists of keys. */
export function isShapes(shapes: unknown): shapes is string[][] {
  return Array.isArray(shapes) && shapes.every((keys) => Array.isArray(keys) && keys.every((key) => typeof key === 'string'))
}
