/** What can stand on a lane. Each entry is u32 length of the rest, u8 op, and then as said here. */

/** u32 lane id, kind, id: from now on the lane id means this actor. */
export const DEFINE = 1;
/** u32 lane id, message. */
export const TELL = 2;
/** u64 ask id, u32 lane id, message. */
export const ASK = 3;
/** u64 ask id, answer. */
export const ANSWER = 4;
/** u64 ask id, code, message, retry-after in ms (0: none). */
export const FAULT = 5;
/** u32 lane id: tell the sending thread when the actor ends. */
export const WATCH = 6;
/** Address: the watched actor ended. */
export const ENDED = 7;
