// What is kept on this device while a form is being filled in: fields, photos, bytes. Nothing leaves it before the
// server has said so. Stores are only ever added to; an older page with a newer database opens it as it is.

import { openDB } from "../vendor/idb.js";

const NAME = "xunjian";
const VERSION = 1;
const STRICT = { durability: "strict" };

let opening;

function upgrade(db) {
  const drafts = db.createObjectStore("drafts", { keyPath: "key" });
  drafts.createIndex("user", "user");
  const attachments = db.createObjectStore("attachments", { keyPath: "id" });
  attachments.createIndex("draft", "draft");
  db.createObjectStore("bytes");
}

function database() {
  opening ??= openDB(NAME, VERSION, { upgrade, blocking: (_old, _new, event) => event.target.close() }).catch((error) =>
    error.name === "VersionError" ? openDB(NAME) : Promise.reject(error),
  );
  return opening;
}

// a name for a record, photo or signature; crypto.randomUUID is missing on plain HTTP
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

export async function readDraft(key) {
  return (await database()).get("drafts", key);
}

export async function writeDraft(draft) {
  const change = (await database()).transaction("drafts", "readwrite", STRICT);
  change.store.put(draft);
  await change.done;
}

// the draft with its photos, in one go; only after a receipt
export async function dropDraft(key) {
  const change = (await database()).transaction(["drafts", "attachments", "bytes"], "readwrite", STRICT);
  for (const id of await change.objectStore("attachments").index("draft").getAllKeys(key)) {
    change.objectStore("attachments").delete(id);
    change.objectStore("bytes").delete(id);
  }
  change.objectStore("drafts").delete(key);
  await change.done;
}

export async function photosOf(key) {
  const found = await (await database()).getAllFromIndex("attachments", "draft", key);
  return found.sort((one, other) => one.at - other.at);
}

export async function bytesOf(id) {
  return (await database()).get("bytes", id);
}

// an ArrayBuffer, not a Blob: private windows of WebKit refuse Blobs
export async function writePhoto(photo, buffer) {
  const change = (await database()).transaction(["attachments", "bytes"], "readwrite", STRICT);
  change.objectStore("attachments").put(photo);
  if (buffer) change.objectStore("bytes").put(buffer, photo.id);
  await change.done;
}

export async function dropPhoto(id) {
  const change = (await database()).transaction(["attachments", "bytes"], "readwrite", STRICT);
  change.objectStore("attachments").delete(id);
  change.objectStore("bytes").delete(id);
  await change.done;
}

// names and values as a form sends them, without files
export function fieldsOf(form) {
  return [...new FormData(form)].filter(([, value]) => typeof value === "string");
}

const isPhoto = (name) => name.startsWith("photo.");
const isMoved = (select) => select.selectedIndex !== Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));
const isTouched = (field) =>
  field.type === "select-one" ? isMoved(field) : field.type === "radio" || field.type === "checkbox"
    ? field.checked !== field.defaultChecked
    : field.value !== field.defaultValue;

// puts a draft back, but for what was tapped before this script was ready: that is newer
export function restore(form, fields) {
  const wanted = new Map();
  for (const [name, value] of fields) wanted.set(name, [...(wanted.get(name) ?? []), value]);
  for (const [name, group] of groupByName(form.elements)) {
    if (!name || isPhoto(name) || group.some((field) => field.type === "file" || field.type === "hidden")) continue;
    if (group.some(isTouched)) continue;
    const values = wanted.get(name) ?? [];
    for (const field of group) {
      if (field.type === "radio" || field.type === "checkbox") field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
    }
  }
}

function groupByName(fields) {
  const groups = new Map();
  for (const field of fields) groups.set(field.name, [...(groups.get(field.name) ?? []), field]);
  return groups;
}
