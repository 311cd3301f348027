// Talking to the server: JSON out, signed by this device's key, and JSON in.

import { toHex } from "./bytes.js";
import { deviceText } from "./share.js";

const PATIENCE = 15_000;

/** The server said no, or was not there. `reason` is its word; `left` the number of PINs that may still be tried. */
export class Refused extends Error {
  constructor(reason, left) {
    super(reason);
    this.reason = reason;
    this.left = left;
  }
}

/** A key of this device: its signatures come before everything else that the server looks at. No script can read it. */
export async function newDeviceKey() {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const point = toHex(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  return { key: pair.privateKey, point };
}

/** Sends `members` to `/cosign/<name>`, signed by `key`. Throws `Refused`. */
export async function call(name, members, key) {
  const address = `/cosign/${name}`;
  const signed = JSON.stringify(members);
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, key, deviceText(address, signed));
  let response;
  let answer;
  try {
    response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ signed, signature: toHex(new Uint8Array(signature)) }),
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    answer = await response.json();
  } catch {
    throw new Refused("offline");
  }
  if (!response.ok) {
    throw new Refused(typeof answer.error === "string" ? answer.error : "offline", answer.left);
  }
  return answer;
}
