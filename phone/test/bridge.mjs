// The phone's protocol, a call for each line on standard input: {"call": name, "with": [...]}, numbers as 64 digits.
// For tests that put a server of their own before it, an honest or a malicious one.

import { createInterface } from "node:readline";
import { fromHex, toHex, utf8 } from "../src/bytes.js";
import { readScalar, writeScalar } from "../src/curve.js";
import { readMessage } from "../src/message.js";
import { weakness } from "../src/pin.js";
import { commit, finish, open, refresh, request } from "../src/protocol.js";
import { sm3 } from "../src/sm3.js";

const begun = new Map();
const nonces = new Map();

const calls = {
  sm3: (hex) => toHex(sm3(fromHex(hex))),
  commit: (session) => {
    begun.set(session, commit(session));
    return { commitment: toHex(begun.get(session).commitment), d1: writeScalar(begun.get(session).d1) };
  },
  open: (session, offer) => open(session, begun.get(session), offer),
  request: (binding, d1) => {
    const made = request(binding, readScalar(d1));
    nonces.set(binding.transaction, made.nonce);
    return made.sent;
  },
  finish: (binding, d1, answer) => finish(binding, readScalar(d1), nonces.get(binding.transaction), answer),
  refresh: (kid, generation, joint, d1, factor) => {
    const made = refresh(kid, generation, joint, readScalar(d1), factor);
    return { d1: writeScalar(made.d1), proof: made.proof };
  },
  message: (text, kid, tx) => readMessage(text, kid, tx),
  weakness: (pin) => weakness(pin),
  utf8: (text) => toHex(utf8(text)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = { result: calls[asked.call](...asked.with) ?? null };
  } catch (error) {
    answer = { refused: `${error.constructor.name}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
