// The PIN: a term of the share, not a lock. A wrong one gives a wrong share, and only the server can tell.

import { toNumber, utf8 } from "./bytes.js";
import { N } from "./curve.js";

export const SHORTEST = 6;
export const LONGEST = 12;
export const ITERATIONS = 600_000;

// What people choose first, beside what the rules below catch.
const COMMON = [
  "520131", "5201314", "1314520", "131452", "147258", "258369", "369258", "147369", "159357", "753951", "159753", "123789",
  "102030", "010203", "112358", "314159", "110120", "110119", "192837", "246810", "135790", "114514", "100200", "200000",
  "100000", "100001", "123654", "456852", "741852", "852456", "963852", "102938", "121314", "147852", "201314", "520520",
];

/** Why nobody should have this PIN — "short", "digits", "long" or "common" — or `null`. */
export function weakness(pin) {
  if (!/^[0-9]*$/.test(pin)) {
    return "digits";
  }
  if (pin.length < SHORTEST) {
    return "short";
  }
  if (pin.length > LONGEST) {
    return "long";
  }
  const steps = [...pin].slice(1).map((digit, i) => (Number(digit) - Number(pin[i]) + 10) % 10);
  const even = steps.every((step) => step === steps[0]); // 111111, 123456, 987654, 135791, 890123
  const repeated = [2, 3, 4].some((size) => pin.length % size === 0 && pin === pin.slice(0, size).repeat(pin.length / size));
  const mirrored = pin === [...pin].reverse().join(""); // 123321
  const few = new Set(pin).size < 3;
  const pairs = /^(?:(\d)\1)+$/.test(pin); // 112233
  return even || repeated || mirrored || few || pairs || COMMON.includes(pin) ? "common" : null;
}

/** H(PIN): PBKDF2-SHA256 to 384 bits, modulo n. */
export async function pinTerm(pin, salt, iterations) {
  const key = await crypto.subtle.importKey("raw", utf8(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations }, key, 384);
  return toNumber(new Uint8Array(bits)) % N;
}
