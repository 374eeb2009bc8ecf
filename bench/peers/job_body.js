/// What a job carries: the same JSON text in every system, with the number of
/// the job in it, so that whoever executes it can say which one it was.

const digits = 9;
const head = '{"payload":"';
const tail = '"}';

/// Of a body without any filling.
export const bodyBytesMin = head.length + digits + tail.length;

const fillings = new Map();

/// The text in the body.
export function payloadOf(index, bytes) {
  let filling = fillings.get(bytes);
  if (filling === undefined) {
    filling = 'x'.repeat(bytes - bodyBytesMin);
    fillings.set(bytes, filling);
  }
  return String(index).padStart(digits, '0') + filling;
}

/// @returns `bytes` bytes of ASCII.
export function bodyOf(index, bytes) {
  return head + payloadOf(index, bytes) + tail;
}

/// The number in a payload; NaN if it is none of ours.
export function indexOfPayload(text) {
  const part = text.slice(0, digits);
  return /^\d{9}$/.test(part) ? Number(part) : NaN;
}

/// The number in a whole body.
export function indexOfBody(text) {
  return text.startsWith(head) ? indexOfPayload(text.slice(head.length)) : NaN;
}
