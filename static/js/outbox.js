// The outbox. `submit` moves a draft here in one transaction; `drain` sends, whenever it can, one document at a time in
// the order of their making. Only a receipt that echoes name and digest is delivery; until then every byte stays here.

import { all, change, device, dropIn, first, given, read, sha256, update } from "./store.js";

const PROTOCOL = 1;
const FORM = "application/x-www-form-urlencoded";
const SLOWEST = 2; // bytes per millisecond
const PAUSES = [5, 15, 60, 300]; // seconds
const TURNS = 3;
const RECEIPTS_KEPT = 30 * 86400000; // ms
const MOST_FAILURES = 6; // of the server over one document, before the others may overtake it
export const me = document.documentElement.dataset.user ?? "";
export const status = { sending: "", pause: "" }; // what is on its way, why all waits
const [mouth, ear] = [new BroadcastChannel("outbox"), new BroadcastChannel("outbox")]; // to all tabs, this one, too
const isWaiting = (doc) => doc.state === "waiting";
export const isRefused = (doc) => doc?.state === "attention"; // until a person does something about it

// why sending stopped: "pause" for all, "later" for this one, "attention" when only a person can help
class Stop extends Error {
  constructor(what, reason, { message, wait = 0 } = {}) {
    super(message ?? reason);
    Object.assign(this, { what, reason, wait });
  }
}

const tell = (news = {}) => mouth.postMessage(Object.assign(status, news));
ear.onmessage = ({ data }) => {
  Object.assign(status, data);
  document.dispatchEvent(new Event("outbox"));
};

// what a person did becomes a document; the promise is kept once this returns
export async function submit({ fields, ...doc }, draft) {
  const body = new URLSearchParams(fields).toString();
  const madeAt = new Date().toISOString();
  const row = { ...doc, body, sha256: await sha256(body), draft, madeAt, state: "waiting", reason: "", tries: 0 };
  await change(["outbox", "drafts", "attachments", "bytes"], async (outbox, drafts, photos, bytes) => {
    const kept = draft ? await given(photos.index("draft").getAll(draft)) : [];
    const move = (photo) =>
      row.files.includes(photo.id) ? photos.put({ ...photo, draft: row.id }) : dropIn(photos, bytes, photo.id);
    return [outbox.add(row), draft && drafts.delete(draft), ...kept.flatMap(move)];
  });
  tell();
  drain();
  return row;
}

let running, isAskedAgain, timer, failures = 0;

// sends what waits; called while it runs, it looks once more when it is through
export function drain() {
  isAskedAgain = Boolean(me);
  return (running ??= keepOn().finally(() => (running = undefined)));
}

async function keepOn() {
  while (isAskedAgain) {
    isAskedAgain = false;
    clearTimeout(timer);
    if (!navigator.locks) await work();
    else await navigator.locks.request("outbox", { ifAvailable: true }, (lock) => (lock ? work() : later(PAUSES[0])));
  }
}

const later = (seconds) => void (timer = setTimeout(drain, seconds * 1000));

async function work() {
  const tried = new Set();
  const isNext = (doc) => isWaiting(doc) && !tried.has(doc.id);
  let stop, left = 0;
  for (let doc; !stop && (doc = await first("outbox", "user", me, isNext)); ) {
    tried.add(doc.id);
    tell({ sending: doc.id });
    const why = await deliver(doc).then(() => void (failures = 0), reasonOf);
    if (!why) continue;
    if (why.what === "pause") stop = why;
    if (why.what !== "attention") left += 1;
    const state = why.what === "attention" ? why.what : "waiting";
    const fails = why.reason === "busy" ? (doc.fails ?? 0) + 1 : 0; // of the server, in a row
    await update("outbox", doc.seq, { state, reason: why.message, code: why.reason, tries: doc.tries + 1, fails });
  }
  for (const { id, user, isSent, problem } of stop ? [] : await all("attachments")) {
    const isLeft = user === me && !isSent && !problem; // of a draft
    if (isLeft) await sendFile(id).catch((error) => (stop ??= reasonOf(error)));
  }
  tell({ sending: "", pause: stop?.what === "pause" ? stop.reason : "" });
  if (!stop) await report().catch(() => undefined);
  if (stop || left) later(Math.max(stop?.wait ?? 0, PAUSES[Math.min(failures++, PAUSES.length - 1)]));
}

const reasonOf = (error) => (error instanceof Stop ? error : new Stop("pause", "unreachable"));

async function deliver(doc) {
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const id of doc.files) await sendFile(id, doc.tries + turn);
    const { code, said, wait } = await ask("POST", doc.url, doc.body, FORM, doc.sha256);
    if (isReceipt(code, said, doc, said.sent_sha256)) return delivered(doc, said);
    if (code !== 424 || !said.error?.missing) throw verdict(code, said.error ?? {}, wait, doc.fails);
    await sendAgain(said.error.missing);
  }
  throw new Stop("pause", "unreachable");
}

// delivery: the server names this very thing, and its digest wherever this browser could compute one
const isReceipt = (code, said, { id, sha256: ours }, theirs) =>
  code < 300 && said.id === id && (!ours || theirs === ours);

function verdict(code, { code: reason, message, fields = {} }, wait, fails = 0) {
  if (code >= 500) return new Stop(reason && fails >= MOST_FAILURES ? "later" : "pause", "busy", { wait });
  if (!reason || code < 400) return new Stop("pause", "not_ours"); // somebody else answers in its place
  if (code === 401) return new Stop("pause", "sign_in");
  if (reason === "other_user" || code === 426) return new Stop("pause", reason);
  if (code === 424) return new Stop("later", "waits", { message });
  if ([400, 408, 425, 429].includes(code)) return new Stop("pause", "busy", { wait });
  return new Stop("attention", reason, { message: [message, ...Object.values(fields).flat()].slice(0, 4).join(" ") });
}

async function sendFile(id, tries = 0) {
  const photo = await read("attachments", id);
  const buffer = photo && !photo.isSent && (await read("bytes", id));
  if (!buffer) return;
  const here = tries && photo.sha256 && (await ask("HEAD", `/files/${id}`)); // a long photo need not go twice
  if (here && here.code === 200 && here.sha256 === photo.sha256) return update("attachments", id, { isSent: true });
  const { code, said, wait } = await ask("PUT", `/files/${id}`, buffer, photo.type ?? "image/jpeg", photo.sha256);
  if (isReceipt(code, said, photo, said.sha256)) return update("attachments", id, { isSent: true }).then(tell);
  const stop = verdict(code, said.error ?? {}, wait);
  if (stop.what === "attention") await update("attachments", id, { problem: stop.message });
  throw stop;
}

async function sendAgain(ids) {
  for (const id of ids) {
    if (!(await read("bytes", id))) throw new Stop("attention", "photo_lost");
    await update("attachments", id, { isSent: false });
  }
}

async function ask(method, url, body, type, digest, turn = 1) {
  const now = new Date().toISOString();
  const headers = { Accept: "application/json", "X-Outbox-User": me, "X-Sent-At": now, "X-App-Protocol": PROTOCOL };
  headers["X-Device"] = await device().catch(() => "");
  if (type) headers["Content-Type"] = type;
  if (digest) headers["X-Content-SHA256"] = digest;
  const signal = AbortSignal.timeout(30000 + (body?.byteLength ?? body?.length ?? 0) / SLOWEST);
  const answer = await fetch(url, { method, body, headers, signal, redirect: "error", cache: "no-store" });
  const wait = Number(answer.headers.get("Retry-After")) || 0;
  const text = method === "HEAD" ? "{}" : await answer.text();
  const said = text.startsWith("{") ? await new Response(text).json().catch(() => ({})) : {}; // else a page, no receipt
  const isGarbled = said.error?.code === "digest_differs" && turn < TURNS; // on the way: again at once
  if (isGarbled) return ask(method, url, body, type, digest, turn + 1);
  return { code: answer.status, said, wait, sha256: answer.headers.get("X-Content-SHA256") };
}

// the server has exactly these bytes: only now they may go
async function delivered({ body: _body, ...doc }, said) {
  const receipt = { ...doc, state: "sent", receivedAt: said.received_at, sentAt: Date.now() };
  await change(["outbox", "receipts", "attachments", "bytes"], (outbox, receipts, photos, bytes) => [
    outbox.delete(doc.seq),
    receipts.put(receipt),
    ...doc.files.flatMap((id) => dropIn(photos, bytes, id)),
  ]);
}

// a browser that cannot keep it (full, or private) can still send it while the page is open
export async function sendUnkept({ fields, ...doc }, buffers, draft) {
  for (const id of doc.files) {
    const buffer = buffers.get(id) ?? (await read("bytes", id));
    const { code, said } = await ask("PUT", `/files/${id}`, buffer, "image/jpeg", await sha256(buffer));
    if (code >= 300 || said.id !== id) throw verdict(code, said.error ?? {}, 0);
  }
  const { code, said } = await ask("POST", doc.url, new URLSearchParams(fields).toString(), FORM);
  if (code >= 300 || said.id !== doc.id) throw verdict(code, said.error ?? {}, 0);
  const drop = (drafts, ...places) => [drafts.delete(draft), ...doc.files.flatMap((id) => dropIn(...places, id))];
  await change(["drafts", "attachments", "bytes"], drop).catch(() => undefined); // or it would be handed in once more
}

// tells the office what is still out on this device; old receipts go
let reported = "";
async function report() {
  const docs = await all("outbox", "user", me);
  const [waiting, drafts] = [docs.filter(isWaiting), await all("drafts", "user", me)].map(({ length }) => length);
  const { build: version } = document.documentElement.dataset;
  const about = { device: await device(), version, oldest: docs[0]?.madeAt ?? "" };
  const body = String(new URLSearchParams({ ...about, waiting, attention: docs.length - waiting, drafts }));
  if (body === reported) return;
  const old = (await all("receipts", "user", me)).filter((one) => one.sentAt < Date.now() - RECEIPTS_KEPT);
  await change(["receipts"], (receipts) => old.map((one) => receipts.delete(one.id)));
  const { code } = await ask("POST", "/field-work/report", body, FORM);
  if (code < 300) reported = body;
}
