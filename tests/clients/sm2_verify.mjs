// Signatures on standard input, by an SM2 library from npm that knows nothing of us: which of them hold?
import { readFileSync } from "node:fs";
import { sm2 } from "sm-crypto-v2";

const asked = JSON.parse(readFileSync(0, "utf8"));
const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const options = { hash: true, der: false, userId: "1234567812345678" };
const held = asked.map((one) => sm2.doVerifySignature(bytes(one.message), one.signature, one.key, options));
process.stdout.write(JSON.stringify(held));
