// The phone's half of co-signing. The server's half is idp/crypto/cosign; the two hash the same transcripts.
//
// 1 + d = (d1·d2)⁻¹ modulo n, d1 here, d2 there. Nothing here keeps anything: what is secret comes in and goes out as a value.

import { concat, scalarBytes, toHex, toNumber, utf8 } from "./bytes.js";
import {
  BASE, N, digestForSignature, inverse, isSignature, mod, pointBytes, randomScalar, readPoint, readScalar, writePoint, writeScalar,
} from "./curve.js";
import { sm3 } from "./sm3.js";

export const PROFILE = "yima-cosign-1";

/** The server broke the protocol: whatever it sent is thrown away, and nothing is signed. */
export class ProtocolError extends Error {}

function transcript(label, ...parts) {
  const whole = [utf8(PROFILE), utf8(label), ...parts].flatMap((part) => [length(part), part]);
  return sm3(concat(...whole));
}

function length(part) {
  const bytes = new DataView(new ArrayBuffer(4));
  bytes.setUint32(0, part.length);
  return new Uint8Array(bytes.buffer);
}

const challenge = (label, ...parts) => toNumber(transcript(label, ...parts)) % N;

function prove(secret, point, context) {
  const blind = randomScalar();
  const value = challenge("pok1", context, pointBytes(point), pointBytes(BASE.multiply(blind)));
  return [value, mod(blind + value * secret)];
}

function checkProof([value, answer], point, context) {
  const recovered = BASE.multiplyUnsafe(answer).add(point.multiplyUnsafe(N - value));
  if (recovered.is0() || challenge("pok1", context, pointBytes(point), pointBytes(recovered)) !== value) {
    throw new ProtocolError("the server does not know its share");
  }
}

/** Begins a key: d1, what is sent first, and what opens it later. `session` is the key's id. */
export function commit(session) {
  const d1 = randomScalar();
  const secret = inverse(d1);
  const point = BASE.multiply(secret);
  const proof = prove(secret, point, transcript("kg", utf8("C"), utf8(session)));
  const blind = crypto.getRandomValues(new Uint8Array(32));
  const commitment = transcript("com", utf8(session), pointBytes(point), ...proof.map(scalarBytes), blind);
  return { d1, secret, point, proof, blind, commitment };
}

/** Checks the server's share, computes the joint key and opens the commitment. Throws when the server does not prove its share. */
export function open(session, begun, offer) {
  const theirs = readPoint(offer.point);
  const context = transcript("kg", utf8("S"), utf8(session), begun.commitment);
  checkProof(offer.proof.map(readScalar), theirs, context);
  const joint = theirs.multiply(begun.secret).subtract(BASE);
  if (joint.is0()) {
    throw new ProtocolError("there is no such key");
  }
  const opening = {
    point: writePoint(begun.point), proof: begun.proof.map(writeScalar), blind: toHex(begun.blind), joint: writePoint(joint),
  };
  return opening;
}

/** What a request needs beside the share, for one request and no more: three of its four multiplications. */
export function prepare() {
  const [nonce, one, other] = [randomScalar(), randomScalar(), randomScalar()];
  const point = BASE.multiply(nonce);
  return { nonce, point, one, other, commitments: [one, other].map((blind) => pointBytes(BASE.multiply(blind))) };
}

/**
 * Asks for a signature over `binding.message` (text): the nonce, and what is sent.
 *
 * `binding` is {kid, transaction, number, message, joint}: the proof is good for exactly this. `prepared` is used up.
 */
export function request(binding, d1, prepared = prepare()) {
  const { nonce, point, one, other, commitments } = prepared;
  const message = utf8(binding.message);
  const joint = readPoint(binding.joint);
  const e = digestForSignature(joint, message);
  const texts = [binding.kid, binding.transaction, binding.number].map(utf8);
  const context = transcript("sg", ...texts, sm3(message), e, pointBytes(joint));
  const secret = inverse(d1);
  const own = BASE.multiply(secret);
  const value = challenge("pok2", context, pointBytes(own), pointBytes(point), ...commitments);
  const proof = [value, mod(one + value * secret), mod(other + value * nonce)].map(writeScalar);
  return { nonce, sent: { digest: toHex(sm3(message)), point: writePoint(point), proof } };
}

/** The signature, if the answer makes one over the very message that was shown. Throws otherwise: nothing is released. */
export function finish(binding, d1, nonce, answer) {
  const joint = readPoint(binding.joint);
  const [r, s1] = [readScalar(answer.r), readScalar(answer.s1)];
  const s = mod(d1 * (s1 + nonce) - r);
  if (!isSignature(joint, digestForSignature(joint, utf8(binding.message)), r, s)) {
    throw new ProtocolError("the server signed something else");
  }
  return { r: writeScalar(r), s: writeScalar(s) };
}

/** The next share after a refresh by `factor`, and the proof that we hold it. */
export function refresh(kid, generation, joint, d1, factor) {
  const next = mod(d1 * readScalar(factor));
  const secret = inverse(next);
  const context = transcript("rf", utf8(kid), utf8(String(generation)), pointBytes(readPoint(joint)));
  return { d1: next, proof: prove(secret, BASE.multiply(secret), context).map(writeScalar) };
}
