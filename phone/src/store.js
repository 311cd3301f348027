// What stays on the phone, in IndexedDB: one record for each account, by its key's id.
//
// A record holds no PIN, no share and nothing that a PIN could be tried against. Its keys are CryptoKey objects that no script can
// read out: the browser uses them for us.

const NAME = "yima-phone";
const RECORDS = "accounts";

function open() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(RECORDS, { keyPath: "kid" });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/** Runs one transaction: its result, once it is on the disk. */
async function run(mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(RECORDS, mode, { durability: "strict" });
      const asked = work(transaction.objectStore(RECORDS));
      transaction.oncomplete = () => resolve(asked.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Every account, the oldest first. */
export async function accounts() {
  const rows = await run("readonly", (store) => store.getAll());
  return rows.sort((one, other) => one.since - other.since);
}

export const find = (kid) => run("readonly", (store) => store.get(kid));

export const keep = (record) => run("readwrite", (store) => store.put(record));

export const forget = (kid) => run("readwrite", (store) => store.delete(kid));

/** The next sequence number of a record, kept before it is used: the server takes each only once and never a smaller one. */
export async function nextSequence(kid) {
  let sequence;
  await run("readwrite", (store) => {
    const reading = store.get(kid);
    reading.onsuccess = () => {
      sequence = Math.max(Date.now(), reading.result.sequence + 1);
      store.put({ ...reading.result, sequence });
    };
    return reading;
  });
  return sequence;
}

/** Asks the browser not to clear our storage when space is short. It may say no. */
export const persist = () => navigator.storage?.persist?.().catch(() => false);
