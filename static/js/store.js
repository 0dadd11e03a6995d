// What this device keeps: drafts, photos and signatures with their bytes, documents to be sent, receipts. A change is
// on the disk before it counts as saved. Stores are only ever added to; an older page opens a newer database as it is.

const NAME = "xunjian";
const VERSION = 2;
let opening;

function upgrade(db, old) {
  if (old < 1) {
    db.createObjectStore("drafts", { keyPath: "key" }).createIndex("user", "user");
    db.createObjectStore("attachments", { keyPath: "id" }).createIndex("draft", "draft");
    db.createObjectStore("bytes");
  }
  if (old < 2) {
    const outbox = db.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true });
    outbox.createIndex("user", "user");
    outbox.createIndex("id", "id", { unique: true });
    db.createObjectStore("receipts", { keyPath: "id" }).createIndex("user", "user");
    db.createObjectStore("meta");
  }
}

// what a request of the database gives, as a promise
export const given = (request) =>
  new Promise((give, fail) => {
    const done = () => (request.error ? fail(request.error) : give(request.result));
    if (request.readyState === "done") done();
    else request.onsuccess = request.onerror = done;
  });

async function open(version) {
  const request = indexedDB.open(NAME, version);
  request.onupgradeneeded = ({ oldVersion }) => upgrade(request.result, oldVersion);
  const db = await given(request);
  db.onversionchange = () => (opening = db.close()); // a newer page may upgrade; we open it again as it then is
  db.onclose = () => (opening = undefined);
  return db;
}

function database() {
  opening ??= open(VERSION).catch((error) => {
    opening = undefined;
    return error.name === "VersionError" ? open() : Promise.reject(error);
  });
  return opening;
}

// one transaction over some stores; `work` gets them in that order, awaits nothing but them, returns all its requests
export async function change(stores, work) {
  const tx = (await database()).transaction(stores, "readwrite", { durability: "strict" });
  const done = new Promise((give, fail) => Object.assign(tx, { oncomplete: give, onabort: () => fail(tx.error) }));
  const made = (async () => work(...stores.map((name) => tx.objectStore(name))))();
  // at once, for the page may be left now; whatever fails: nothing of it stays
  made.then(() => tx.commit?.()).catch(() => tx.error ?? tx.abort()).catch(() => undefined);
  await Promise.all([made.then((requests) => Promise.all([requests].flat().filter(Boolean).map(given))), done]);
}
const kept = async (store) => (await database()).transaction(store).objectStore(store);
export const read = async (store, key) => given((await kept(store)).get(key));
export const put = (store, value, key) => change([store], (it) => it.put(value, key));
// what another tab has taken away meanwhile stays away
export const update = (store, key, changes, test = Boolean) =>
  change([store], async (it) => {
    const found = await given(it.get(key));
    return test(found) && it.put({ ...found, ...changes });
  });
export const all = async (store, index, key) =>
  given(index ? (await kept(store)).index(index).getAll(key) : (await kept(store)).getAll());

// the first in an index that passes the test, without reading the others
export async function first(store, index, key, test) {
  const request = (await kept(store)).index(index).openCursor(key);
  for (let cursor; (cursor = await given(request)); cursor.continue()) if (test(cursor.value)) return cursor.value;
}

// the labels of all rounds that were taken along: token, code, asset, name, list
export const labels = async () => (await all("meta").catch(() => [])).flatMap((one) => one?.labels ?? []);

// a name for a record, photo or signature; crypto.randomUUID is missing on plain HTTP
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// of an ArrayBuffer or a text; empty on plain HTTP, where browsers cannot say: the server computes it alone
export async function sha256(content) {
  if (!crypto.subtle) return "";
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

// an ArrayBuffer, not a Blob: private windows of WebKit refuse Blobs; apart from the rest, so that lists stay quick
export async function writePhoto(photo, buffer) {
  photo.sha256 = await sha256(buffer);
  await change(["attachments", "bytes"], (photos, bytes) => [photos.put(photo), bytes.put(buffer, photo.id)]);
}

export const dropIn = (photos, bytes, id) => [photos.delete(id), bytes.delete(id)];
export const dropPhoto = (id) => change(["attachments", "bytes"], (photos, bytes) => dropIn(photos, bytes, id));

export const photosOf = async (draft) =>
  (await all("attachments", "draft", draft)).sort((one, other) => one.at - other.at);

// the name of this browser, under which the office sees what is still out
export async function device() {
  const known = await read("meta", "device");
  if (!known) await change(["meta"], (meta) => meta.add(newId(), "device")).catch(() => undefined); // another tab did
  return known ?? read("meta", "device");
}
