// SM3 (GB/T 32905). Browsers have SHA-2 only; this is the one digest of the protocol and of the signature.

const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];

const rotate = (x, n) => (x << n) | (x >>> (32 - n));
const spread0 = (x) => x ^ rotate(x, 9) ^ rotate(x, 17); // §4.4 P0
const spread1 = (x) => x ^ rotate(x, 15) ^ rotate(x, 23); // §4.4 P1
const T = Array.from({ length: 64 }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));

/** The digest of `data` (bytes), 32 bytes. */
export function sm3(data) {
  // §5.2: a one bit, zeros, and the length in bits in eight bytes.
  const padded = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(data.length / 0x20000000));
  view.setUint32(padded.length - 4, (data.length << 3) >>> 0);
  const state = [...START];
  for (let start = 0; start < padded.length; start += 64) {
    compress(state, view, start);
  }
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setUint32(4 * i, word >>> 0));
  return new Uint8Array(out.buffer);
}

function compress(state, view, start) {
  const w = Array.from({ length: 16 }, (_, i) => view.getInt32(start + 4 * i));
  for (let j = 16; j < 68; j += 1) {
    w.push(spread1(w[j - 16] ^ w[j - 9] ^ rotate(w[j - 3], 15)) ^ rotate(w[j - 13], 7) ^ w[j - 6]);
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let j = 0; j < 64; j += 1) {
    const ss1 = rotate((rotate(a, 12) + e + T[j]) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ rotate(a, 12)) + (w[j] ^ w[j + 4])) | 0;
    const tt2 = (gg + h + ss1 + w[j]) | 0;
    [d, c, b, a] = [c, rotate(b, 9), a, tt1];
    [h, g, f, e] = [g, rotate(f, 19), e, spread0(tt2)];
  }
  [a, b, c, d, e, f, g, h].forEach((word, i) => {
    state[i] ^= word;
  });
}
