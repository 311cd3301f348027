// Before another text message this browser computes for a moment: a number n so that SM3 of "seed:n" begins with zero bits.
// Nothing is asked of the person, nobody else is asked, and without scripts the field stays empty and the person waits instead.
const START = [0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e];
const SLICE = 30; // milliseconds of work between two moments for the page

const rotate = (x, n) => (x << n) | (x >>> (32 - n));
const T = Int32Array.from({ length: 64 }, (_, j) => rotate(j < 16 ? 0x79cc4519 : 0x7a879d8a, j % 32));
const words = new Int32Array(68);

// The first 32 bits of SM3 (GB/T 32905) of a text of at most 55 characters, all ASCII: one block.
function firstWord(text) {
  words.fill(0, 0, 16);
  for (let i = 0; i < text.length; i += 1) {
    words[i >> 2] |= text.charCodeAt(i) << (24 - 8 * (i & 3));
  }
  words[text.length >> 2] |= 0x80 << (24 - 8 * (text.length & 3));
  words[15] = text.length * 8;
  for (let j = 16; j < 68; j += 1) {
    const x = words[j - 16] ^ words[j - 9] ^ rotate(words[j - 3], 15);
    words[j] = x ^ rotate(x, 15) ^ rotate(x, 23) ^ rotate(words[j - 13], 7) ^ words[j - 6];
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let j = 0; j < 64; j += 1) {
    const ss1 = rotate((rotate(a, 12) + e + T[j]) | 0, 7);
    const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
    const tt1 = (ff + d + (ss1 ^ rotate(a, 12)) + (words[j] ^ words[j + 4])) | 0;
    const tt2 = (gg + h + ss1 + words[j]) | 0;
    d = c;
    c = rotate(b, 9);
    b = a;
    a = tt1;
    h = g;
    g = rotate(f, 19);
    f = e;
    e = tt2 ^ rotate(tt2, 9) ^ rotate(tt2, 17);
  }
  return (a ^ START[0]) >>> 0;
}

async function solve(seed, bits) {
  let number = 0;
  for (;;) {
    const until = performance.now() + SLICE;
    while (performance.now() < until) {
      for (let tries = 0; tries < 256; tries += 1, number += 1) {
        if (firstWord(`${seed}:${number}`) >>> (32 - bits) === 0) {
          return number;
        }
      }
    }
    await new Promise((resume) => setTimeout(resume));
  }
}

for (const field of document.querySelectorAll("input[name=work]")) {
  field.form.addEventListener("submit", async (event) => {
    if (field.value !== "") {
      return;
    }
    event.preventDefault();
    const button = field.form.querySelector("button");
    button.disabled = true;
    button.setAttribute("aria-live", "polite");
    button.textContent = field.dataset.busy;
    field.value = await solve(field.dataset.seed, Number(field.dataset.bits));
    field.form.submit();
  });
}
