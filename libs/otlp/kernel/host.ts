// What the kernel asks its caller for: seldom, because each call costs as much as a short text.

/** Whether `length` bytes of the request from `start` on are UTF-8. */
@external('host', 'isUtf8')
export declare function isUtf8(start: u32, length: u32): bool

/** Writes a value that is not plain as a column has it. Returns how many bytes that took; 0 to give up. */
@external('host', 'writeValue')
export declare function writeValue(role: u32, kind: u32, start: u32, length: u32, to: usize): u32

/** The same for the pseudonym of a value. */
@external('host', 'writePseudonym')
export declare function writePseudonym(kind: u32, start: u32, length: u32, to: usize): u32

/** What a text is, which says how long it may be and whether it may be left out. */
export const ATTRIBUTE_VALUE: u32 = 0
export const TEXT: u32 = 1
export const BODY: u32 = 2
