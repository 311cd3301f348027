// What an account on this phone can do: be set up, sign, say no, change its PIN, refresh its share, go away.

import { toHex } from "./bytes.js";
import { readMessage } from "./message.js";
import { PROFILE, ProtocolError, commit, finish, open, prepare, refresh, request } from "./protocol.js";
import { Refused, call, newDeviceKey } from "./server.js";
import { seal, unseal } from "./share.js";
import * as store from "./store.js";

// After these the server holds no key for us, whatever we do: what was being set up is thrown away.
const FINAL = new Set(["gone", "unknown", "invalid", "wrong_number", "wrong_pin", "locked", "stale"]);

/** Makes a key with the server for the set-up that `ticket` names. Nothing is kept before the first signature is in hand. */
export async function begin(ticket) {
  const device = await newDeviceKey();
  const begun = commit(ticket);
  const commitment = toHex(begun.commitment);
  const offer = await call("enrol/begin", { profile: PROFILE, ticket, commitment, device: device.point }, device.key);
  const opening = open(ticket, begun, offer);
  const opened = await call("enrol/open", { profile: PROFILE, ticket, ...opening }, device.key);
  const message = readMessage(opened.message, opened.kid, ticket);
  if (message.purpose !== "enrol") {
    throw new ProtocolError("the message is for something else");
  }
  return { device: device.key, d1: begun.d1, joint: opening.joint, kid: opened.kid, transaction: { tx: ticket, text: opened.message, message } };
}

/** Signs the set-up's message, keeps the account under `pin`, and only then lets the server have the signature. */
export async function complete(begun, pin, number) {
  const { kid, joint, device, transaction } = begun;
  const record = {
    kid, joint, device, sequence: Date.now(), generation: 1, since: Date.now(),
    account: transaction.message.sub, organisation: transaction.message.client_name,
  };
  const sent = ask(record, transaction, begun.d1, number, takePrepared());
  const answer = await call("answer", { ...sent.members, sequence: record.sequence }, device);
  const signature = finish(sent.binding, begun.d1, sent.nonce, answer);
  await store.keep({ ...record, sealed: await seal(begun.d1, pin) });
  store.persist();
  try {
    await release(kid, transaction.tx, signature, device);
  } catch (error) {
    if (error instanceof Refused && FINAL.has(error.reason)) {
      await store.forget(kid);
    }
    throw error;
  }
}

/** What waits for this account: transactions whose message we can show whole; and the page where something else waits, if any. */
export async function waiting(kid) {
  const record = await store.find(kid);
  const told = await call("waiting", { kid }, record.device);
  await promote(record, told.generation);
  const transactions = told.transactions.map(({ tx, message: text, numbered }) => {
    return { kid, tx, text, numbered, message: readMessage(text, kid, tx) };
  });
  return { transactions, elsewhere: /^https?:\/\//.test(told.elsewhere) ? told.elsewhere : "" };
}

let prepared = null;

/** Does what the next signature needs beside the PIN, while the person still reads: three multiplications, and the tables. */
export function getReady() {
  prepared ??= prepare();
}

// A nonce for one request: two requests with one nonce would give the share away.
function takePrepared() {
  const mine = prepared ?? prepare();
  prepared = null;
  return mine;
}

/** Signs `transaction`. Throws `Refused` with `wrong_pin`, or `ProtocolError` if the server cheats: then nothing is released. */
export async function sign(transaction, pin, number) {
  const record = await store.find(transaction.kid);
  const d1 = await unseal(record.sealed, pin);
  const sent = ask(record, transaction, d1, number, takePrepared());
  const sequence = await store.nextSequence(record.kid);
  const answer = await call("answer", { ...sent.members, sequence }, record.device);
  const signature = finish(sent.binding, d1, sent.nonce, answer);
  const after = await release(record.kid, transaction.tx, signature, record.device);
  if (after.refresh) {
    // The signature is in: a refresh that fails is tried again after another one.
    await takeRefresh(record.kid, d1, pin, after.refresh).catch(() => {});
  }
  return { d1 };
}

/** Says no: `reason` is "not_me" or "cancelled". */
export async function decline(transaction, reason) {
  const record = await store.find(transaction.kid);
  const sequence = await store.nextSequence(record.kid);
  await call("decline", { kid: record.kid, tx: transaction.tx, reason, sequence }, record.device);
}

/** Changes the PIN, after a signature has shown that the old one is right: only the server can tell. */
export async function changePin(kid, oldPin, newPin) {
  const record = await store.find(kid);
  const asked = await call("pin", { kid, sequence: await store.nextSequence(kid) }, record.device);
  const message = readMessage(asked.message, kid, asked.tx);
  if (message.purpose !== "pin_change") {
    throw new ProtocolError("the message is for something else");
  }
  await promote(record, asked.generation);
  const { d1 } = await sign({ kid, tx: asked.tx, text: asked.message, message }, oldPin, "");
  const sealed = await seal(d1, newPin);
  // A refresh that had begun is under the old PIN: it is dropped here, and the server begins another.
  await store.keep({ ...(await store.find(kid)), next: undefined, sealed });
}

/** Ends the account's key, here and at the server. */
export async function remove(kid) {
  const record = await store.find(kid);
  try {
    await call("revoke", { kid, sequence: await store.nextSequence(kid) }, record.device);
  } catch (error) {
    if (!(error instanceof Refused) || error.reason !== "unknown") {
      throw error;
    }
  }
  await store.forget(kid);
}

function ask(record, transaction, d1, number, prepared) {
  const binding = { kid: record.kid, transaction: transaction.tx, number, message: transaction.text, joint: record.joint };
  const { nonce, sent } = request(binding, d1, prepared);
  return { binding, nonce, members: { profile: PROFILE, kid: record.kid, tx: transaction.tx, number, ...sent } };
}

async function release(kid, tx, signature, device) {
  try {
    return await call("finish", { kid, tx, ...signature }, device);
  } catch (error) {
    if (error instanceof Refused && error.reason === "offline") {
      return call("finish", { kid, tx, ...signature }, device); // the same signature again: harmless, and nothing is lost
    }
    throw error;
  }
}

/** The next share is kept beside this one until the server is known to have changed to it. */
async function takeRefresh(kid, d1, pin, { generation, factor }) {
  const record = await store.find(kid);
  const made = refresh(kid, generation, record.joint, d1, factor);
  await store.keep({ ...record, next: { generation, sealed: await seal(made.d1, pin) } });
  const told = await call("refresh", { kid, generation, proof: made.proof }, record.device);
  await promote(await store.find(kid), told.generation);
}

async function promote(record, generation) {
  if (record.next && record.next.generation === generation) {
    await store.keep({ ...record, generation, sealed: record.next.sealed, next: undefined });
  }
}
