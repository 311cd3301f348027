// The message that is signed: read strictly, so that what is shown is all there is.

import { ProtocolError } from "./protocol.js";

const DOMAIN = "YIMA-COSIGN-LOGIN-1\n";
export const PURPOSES = ["login", "step_up", "enrol", "pin_change"];

// Every member there is, in the order in which it is shown. One more or one less, and nothing is signed.
export const MEMBERS = [
  "purpose", "client_name", "sub", "ip_text", "iat", "exp", "iss", "acr", "client_id", "kid", "tx", "nonce",
];

/** The members of the message for key `kid` and transaction `tx`. Throws when it is not exactly what we can show. */
export function readMessage(text, kid, tx) {
  const body = text.startsWith(DOMAIN) ? text.slice(DOMAIN.length) : "";
  let members;
  try {
    members = JSON.parse(body);
  } catch {
    throw new ProtocolError("the message is not one of ours");
  }
  const known = [...MEMBERS].sort();
  const named = typeof members === "object" && members !== null ? Object.keys(members).sort() : [];
  const texts = known.filter((name) => name !== "iat" && name !== "exp");
  if (
    named.join() !== known.join()
    || !texts.every((name) => typeof members[name] === "string")
    || !Number.isSafeInteger(members.iat) || !Number.isSafeInteger(members.exp)
    || !PURPOSES.includes(members.purpose)
    || members.kid !== kid || members.tx !== tx
    // RFC 8785: one spelling only. A second member of the same name, or white space that hides one, is another spelling.
    || JSON.stringify(Object.fromEntries(known.map((name) => [name, members[name]]))) !== body
  ) {
    throw new ProtocolError("the message is not one of ours");
  }
  return members;
}
