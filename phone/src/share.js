// The share as it lies on the phone: d1 = u + H(PIN), and u under a key of the browser's that no script can read.

import { scalarBytes, toNumber, utf8 } from "./bytes.js";
import { mod } from "./curve.js";
import { ITERATIONS, pinTerm } from "./pin.js";

/** What is kept of `d1` under `pin`: a fresh salt, a fresh key, and u. */
export async function seal(d1, pin) {
  const [salt, iv] = [16, 12].map((size) => crypto.getRandomValues(new Uint8Array(size)));
  const kek = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  const u = mod(d1 - (await pinTerm(pin, salt, ITERATIONS)));
  const blob = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, kek, scalarBytes(u));
  return { kek, iv, blob, salt, iterations: ITERATIONS };
}

/** d1, if `pin` is the right one; otherwise another number. Nothing here can tell which. */
export async function unseal(sealed, pin) {
  const blob = await crypto.subtle.decrypt({ name: "AES-GCM", iv: sealed.iv }, sealed.kek, sealed.blob);
  return mod(toNumber(new Uint8Array(blob)) + (await pinTerm(pin, sealed.salt, sealed.iterations)));
}

/** What the device key signs of a message to the server: the address it goes to, and the text itself. */
export const deviceText = (address, text) => utf8(`YIMA-COSIGN-DEVICE-1\n${address}\n${text}`);
