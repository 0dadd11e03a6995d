// The page of one checklist: draws what is missing, keeps every change on this device, hands in.

import { fieldsOf, readDraft, restore, writeDraft } from "./draft.js";
import { fill, HandIn, say } from "./handin.js";
import { Items } from "./items.js";
import { Photos } from "./photos.js";

const SAVE_AFTER = 250; // ms after the last key
const form = document.getElementById("inspection");
const finish = document.getElementById("finish");
const rest = document.getElementById("rest");
const saved = document.getElementById("saved");
const words = { ...JSON.parse(form.dataset.words), done: finish.textContent };
const { user, asset } = form.dataset;
const key = [user, asset, form.elements.supersedes?.value].filter(Boolean).join("/");
const draft = { key, user, asset, startedAt: null, fields: [], pending: null };

const page = {
  words,
  say,
  canSave: true,
  lock(isLocked, text = words.done) {
    form.inert = finish.disabled = rest.disabled = isLocked;
    finish.textContent = text;
  },
  offerAgain() {
    finish.disabled = false;
    finish.textContent = words.again;
  },
  complain(fields, message) {
    say(message);
    items.complain(fields)?.scrollIntoView({ block: "start" });
  },
  hush() {
    document.getElementById("problem").replaceChildren();
    items.complain({});
  },
};
const items = new Items(form, words);
const photos = new Photos(form, key, words, (message) => (message ? say(message) : changed()));
const handIn = new HandIn(form, draft, photos, page);

function draw() {
  const missing = items.draw();
  const place = document.getElementById("missing");
  if (!missing.length) return place.replaceChildren(words.complete);
  const link = Object.assign(document.createElement("a"), { href: `#${missing[0].id}` });
  link.textContent = missing[0].querySelector(".q > :first-child").textContent;
  const count = Object.assign(document.createElement("b"), { textContent: fill(words.missing, { n: missing.length }) });
  place.replaceChildren(count, " ", link);
  return missing;
}

const fieldOf = ({ id, dataset }) => (dataset.key ? `a.${dataset.key}` : id === "i-units" ? "unit" : "run_state");

let timer = 0;
async function save() {
  clearTimeout(timer);
  timer = 0;
  await ready; // what was kept before must be back in the form first
  if (draft.pending) return;
  const now = new Date();
  draft.startedAt ??= now.toISOString();
  Object.assign(draft, { fields: fieldsOf(form), savedAt: now.toISOString() });
  page.canSave = await writeDraft(draft).then(() => true, () => false);
  const time = now.toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
  saved.textContent = page.canSave ? fill(words.saved, { time }) : words.notSaved;
}

function changed(event) {
  event?.target.closest(".item")?.querySelector("[data-complaints]")?.replaceChildren();
  draw();
  clearTimeout(timer);
  const isTyping = event?.target.matches("textarea, [type=text]");
  if (isTyping) timer = setTimeout(save, SAVE_AFTER);
  else save();
}

async function begin() {
  const kept = await readDraft(key).catch(() => undefined);
  if (kept) {
    Object.assign(draft, kept);
    restore(form, kept.pending?.fields ?? kept.fields);
    saved.textContent = words.restored;
  }
  await photos.restore().catch(() => undefined);
  draw();
}

const ready = begin();
form.addEventListener("input", (event) => event.target.type !== "file" && changed(event));
form.addEventListener("change", ({ target }) => {
  if (target.inputMode === "decimal") target.value = target.value.normalize("NFKC").trim(); // Chinese keyboards
});
form.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-phrase], [data-step]");
  if (!button) return;
  if ("step" in button.dataset) items.step(button);
  else items.addPhrase(button);
  changed();
});
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  page.hush();
  await ready;
  const missing = draw();
  if (missing && !draft.pending) {
    return page.complain(Object.fromEntries(missing.map((item) => [fieldOf(item), [words.needed]])), words.first);
  }
  if (timer) await save();
  return handIn.begin();
});
rest.addEventListener("click", () => {
  items.setRestNormal();
  changed();
});
document.addEventListener("visibilitychange", () => timer && save()); // the camera opens, the phone is locked
window.addEventListener("pageshow", (event) => event.persisted && location.reload()); // "back" after handing in
window.addEventListener("online", () => photos.sendAll());
draw();
await ready;
if (draft.pending) await handIn.send();
