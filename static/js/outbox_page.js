// The page of the outbox: what waits, why, what arrived; send again, edit as a new draft, take out as a zip.

import { drain, isRefused, me, status } from "./outbox.js";
import { clockTime, draw, el, fill, mark, say } from "./page.js";
import { all, change, device, given, read, update } from "./store.js";

const RECEIPTS_SHOWN = 50;
const page = document.getElementById("outbox");
const words = JSON.parse(page.dataset.words);
const place = (name) => page.querySelector(`[data-${name}]`);
const TIME = { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false };

async function show() {
  const asked = [all("outbox"), all("receipts", "user", me), all("attachments")];
  const [everything, receipts, photos] = await Promise.all(asked);
  const docs = everything.filter(({ user }) => user === me);
  const sent = receipts.sort((one, other) => other.sentAt - one.sentAt);
  const arrived = new Set(photos.filter(({ isSent }) => isSent).map(({ id }) => id));
  place("waiting").replaceChildren(...docs.map((doc) => row(doc, doc.files.filter((id) => arrived.has(id)).length)));
  place("sent").replaceChildren(...sent.slice(0, RECEIPTS_SHOWN).map((doc) => row(doc, doc.files.length)));
  const count = (list) => list.reduce((sum, { files }) => sum + files.length, 0);
  const there = docs.flatMap(({ files }) => files).filter((id) => arrived.has(id)).length + count(sent);
  const [of, ofPhotos] = [sent.length + docs.length, count(sent) + count(docs)];
  place("counts").textContent = fill(words.counts, { n: sent.length, of, photos: there, ofPhotos });
  place("pause").textContent = docs.length ? (words[status.pause] ?? "") : words.empty;
  place("sign-in").hidden = status.pause !== "sign_in";
  const n = everything.length - docs.length;
  place("others").textContent = n ? fill(words.others, { n }) : "";
  place("export").hidden = !docs.length;
}

function row(doc, photos) {
  const state = status.sending === doc.id ? "sending" : doc.state;
  const [isSent, of] = [state === "sent", doc.files.length];
  const made = draw("document-row", {
    title: doc.title,
    kind: words[doc.kind],
    made: clockTime(doc.madeAt, TIME),
    state: words[state],
    reason: state === "attention" || doc.code === "waits" ? (words[doc.code] ?? doc.reason) : "",
    photos: of ? fill(words.photos, { n: photos, of }) : "",
    digest: isSent ? fill(words.receipt, { at: clockTime(doc.receivedAt, TIME), sha256: doc.sha256.slice(0, 12) }) : "",
  });
  mark(made, state, state === "attention" ? "warn" : state);
  for (const button of made.querySelectorAll("[data-retry], [data-edit]")) button.hidden = state !== "attention";
  made.querySelector("[data-retry]").addEventListener("click", () => retry(doc));
  made.querySelector("[data-edit]").addEventListener("click", () => edit(doc));
  return made;
}

async function retry(doc) {
  for (const { id } of await all("attachments", "draft", doc.id)) await update("attachments", id, { problem: "" });
  await update("outbox", doc.seq, { state: "waiting", reason: "", tries: 0 }, isRefused);
  drain();
}

// back into its form, under a new name; the photos that arrived need not go again
async function edit(doc) {
  if (await read("drafts", doc.draft)) return say(words.draftThere);
  const photos = await all("attachments", "draft", doc.id);
  const fields = [...new URLSearchParams(doc.body)];
  const of = (wanted) => fields.find(([name]) => name === wanted)?.[1];
  const times = { startedAt: of("started_at"), seconds: Number(of("seconds") ?? 0) };
  const draft = { key: doc.draft, user: me, kind: doc.kind, title: doc.title, page: doc.page, fields, ...times };
  const moving = change(["outbox", "drafts", "attachments"], async (outbox, drafts, attachments) => {
    if (!isRefused(await given(outbox.get(doc.seq)))) throw new Error("sent again in another tab");
    const moved = photos.map((photo) => attachments.put({ ...photo, draft: doc.draft, problem: "" }));
    return [outbox.delete(doc.seq), drafts.put(draft), ...moved];
  });
  return moving.then(() => location.assign(doc.page), show);
}

// the last rescue: everything that waits, as a file that the lead can bring in
async function takeOut() {
  const { downloadZip } = await import("../vendor/client-zip.js");
  const [documents, files] = [[], []];
  for (const { id, kind, title, url, body, sha256, madeAt, files: ids } of await all("outbox", "user", me)) {
    const described = [];
    for (const { id: photo, type, sha256: digest } of await all("attachments", "draft", id)) {
      const name = `files/${photo}.${type === "image/png" ? "png" : "jpg"}`;
      files.push({ name, input: await read("bytes", photo) });
      if (ids.includes(photo)) described.push({ id: photo, name, type, sha256: digest });
    }
    documents.push({ id, kind, title, url, body, sha256, made_at: madeAt, files: described });
  }
  const about = { app: "xunjian", format: 1, user: me, device: await device(), exported_at: new Date().toISOString() };
  files.unshift({ name: "outbox.json", input: JSON.stringify({ ...about, documents }) });
  const zip = await downloadZip(files).blob();
  el("a", { href: URL.createObjectURL(zip), download: `xunjian-${Date.now()}.zip` }).click();
}

document.getElementById("send-now").addEventListener("click", drain);
place("export").addEventListener("click", takeOut);
document.addEventListener("outbox", show);
show();
