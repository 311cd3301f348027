// The curve of GB/T 32918.5 over @noble/curves, and the strict reading of what the server sends.

import { weierstrass } from "@noble/curves/abstract/weierstrass.js";
import { concat, fromHex, scalarBytes, toHex, toNumber, utf8 } from "./bytes.js";
import { sm3 } from "./sm3.js";

export const PARAMETERS = {
  p: 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn,
  n: 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n,
  h: 1n,
  a: 0xfffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffcn,
  b: 0x28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93n,
  Gx: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  Gy: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
};
const Point = weierstrass(PARAMETERS);
export const BASE = Point.BASE;
export const N = PARAMETERS.n;

const ID = utf8("1234567812345678"); // GM/T 0009 §10: the signer's ID where none was agreed

/** A number modulo n, never negative. */
export const mod = (number) => ((number % N) + N) % N;

/** The inverse modulo n. */
export const inverse = (number) => Point.Fn.inv(number);

/** A number in [1, n-1] from the system's randomness. */
export function randomScalar() {
  // 384 bits: what the remainder prefers is not to be seen.
  return (toNumber(crypto.getRandomValues(new Uint8Array(48))) % (N - 1n)) + 1n;
}

/** A point of the curve other than infinity, from `04‖x‖y` in 130 digits. Throws for anything else. */
export function readPoint(text) {
  if (typeof text !== "string" || !/^04[0-9a-f]{128}$/.test(text)) {
    throw new Error("not a point");
  }
  const point = Point.fromBytes(fromHex(text));
  point.assertValidity();
  return point;
}

/** A number in [1, n-1], from 64 digits. Throws for anything else. */
export function readScalar(text) {
  const number = typeof text === "string" && /^[0-9a-f]{64}$/.test(text) ? BigInt(`0x${text}`) : 0n;
  if (number < 1n || number >= N) {
    throw new Error("not a scalar");
  }
  return number;
}

/** x‖y, as transcripts hold a point. */
export const pointBytes = (point) => point.toBytes(false).slice(1);

export const writePoint = (point) => toHex(point.toBytes(false));

export const writeScalar = (number) => toHex(scalarBytes(number));

/** e = SM3(Z ‖ message) (GB/T 32918.2 §5.5, §6.1), 32 bytes. */
export function digestForSignature(key, message) {
  const { a, b, Gx, Gy } = PARAMETERS;
  const bits = Uint8Array.of(0, ID.length * 8);
  const z = sm3(concat(bits, ID, ...[a, b, Gx, Gy].map(scalarBytes), pointBytes(key)));
  return sm3(concat(z, message));
}

/** Whether (r, s) is an SM2 signature over the digest `e` (GB/T 32918.2 §7.1). */
export function isSignature(key, e, r, s) {
  const t = mod(r + s);
  if (r < 1n || r >= N || s < 1n || s >= N || t === 0n) {
    return false;
  }
  const sum = BASE.multiplyUnsafe(s).add(key.multiplyUnsafe(t));
  return !sum.is0() && mod(toNumber(e) + sum.toAffine().x) === r;
}
