// The record of a joint test as one fills it in: one section at a time, repetitions added and taken away, time stamps
// by a tap, judgements and proposals from the server, every change kept on this device.

import { fieldsOf, readDraft, restore, writeDraft } from "./draft.js";
import { fill, HandIn, say } from "./handin.js";
import { Photos } from "./photos.js";

const SAVE_AFTER = 250; // ms after the last key
const JUDGE_AFTER = 600;
const NO_ID = /[0-9a-f]{8}-[0-9a-f-]{27}/;
const form = document.getElementById("joint-test");
const words = JSON.parse(form.dataset.words);
const finish = document.getElementById("finish");
const normal = finish.textContent;
const sections = [...form.querySelectorAll("[data-section]")];
const draft = { key: `${form.dataset.user}/${form.dataset.key}`, user: form.dataset.user, fields: [], pending: null };
const hereNow = (options) => new Intl.DateTimeFormat("sv-SE", { timeZone: form.dataset.zone, ...options }).format(new Date());
const clock = () => hereNow({ hour: "2-digit", minute: "2-digit", second: "2-digit" });

// one section at a time; an address within a section opens it
function open() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const current = target?.closest("[data-section]") ?? sections[0];
  for (const section of sections) section.hidden = section !== current;
  for (const link of form.querySelectorAll(".parts a")) {
    if (link.hash === `#${current.id}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (target) target.scrollIntoView({ block: target === current ? "start" : "center" });
}

function add(key, number) {
  const list = form.querySelector(`[data-turns="${key}"]`);
  const taken = [...list.children].map((turn) => Number(turn.dataset.turn.split(".")[1]));
  const next = number ?? Math.max(0, ...taken) + 1;
  if (next > 98 || taken.includes(next)) return;
  const blank = form.querySelector(`template[data-blank="${key}"]`);
  const html = blank.innerHTML.replaceAll(`${key}.99`, `${key}.${next}`).replaceAll(/about([.-])99/g, `about$1${next}`);
  list.insertAdjacentHTML("beforeend", html);
  list.lastElementChild.querySelectorAll("[data-tap], [data-remove]").forEach((button) => (button.hidden = false));
}

function remove(turn) {
  const about = turn.querySelector("[name^='about.']");
  if (about?.value) {
    // a proposed problem that was taken away is not proposed again
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "dismissed", value: about.value }));
  }
  turn.remove();
}

// the fields of a draft decide which repetitions there are
function shapeAs(fields) {
  const wanted = new Map();
  for (const [name] of fields) {
    const [part, key, number] = name.split(".");
    if (part === "about") wanted.set(`problems.${key}`, ["problems", Number(key)]);
    else if (["v", "was", "photo"].includes(part)) wanted.set(`${key}.${number}`, [key, Number(number)]);
  }
  for (const list of form.querySelectorAll("[data-turns]")) {
    for (const turn of [...list.children]) if (!wanted.has(turn.dataset.turn)) turn.remove();
  }
  for (const [key, number] of wanted.values()) if (form.querySelector(`template[data-blank="${key}"]`)) add(key, number);
  for (const [name, value] of fields) {
    const field = name.startsWith("about.") && form.elements[name];
    if (field) field.value = value;
  }
}

let judging = 0;
async function judge() {
  judging = 0;
  try {
    const body = new URLSearchParams(fieldsOf(form));
    const answer = await fetch(form.dataset.judge, { method: "POST", body, redirect: "error" });
    if (!answer.ok || judging) return; // a newer judgement is on its way
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const row of page.querySelectorAll("#new-problems > *")) {
      if (!document.getElementById(row.id)) form.querySelector("[data-turns=problems]").append(document.adoptNode(row));
    }
    for (const part of page.querySelectorAll("#judgement > [id]")) document.getElementById(part.id)?.replaceWith(part);
    form.querySelectorAll("[data-remove]").forEach((button) => (button.hidden = false));
  } catch {
    // no network: the marks wait, hand-in judges again
  }
}

let saving = 0;
async function save() {
  clearTimeout(saving);
  saving = 0;
  if (draft.pending) return;
  Object.assign(draft, { fields: fieldsOf(form), savedAt: new Date().toISOString() });
  const place = document.getElementById("saved");
  try {
    await writeDraft(structuredClone(draft));
    place.textContent = fill(words.saved, { time: clock().slice(0, 5) });
  } catch {
    place.textContent = words.notSaved;
  }
}

function changed(message) {
  if (message) say(message);
  stampStart();
  clearTimeout(saving);
  clearTimeout(judging);
  saving = setTimeout(save, SAVE_AFTER);
  judging = setTimeout(judge, JUDGE_AFTER);
}

// the first tap is the start, unless it was typed
function stampStart() {
  const { start, date } = Object.fromEntries([...form.querySelectorAll("[data-stamp]")].map((field) => [field.dataset.stamp, field]));
  if (start.value) return;
  start.value = clock().slice(0, 5);
  date.value = hereNow({ year: "numeric", month: "2-digit", day: "2-digit" });
}

const page = {
  words,
  say,
  lock(isLocked, text) {
    form.inert = isLocked;
    finish.disabled = isLocked;
    finish.textContent = isLocked ? text : normal;
  },
  complain(fields, message) {
    const list = document.createElement("ul");
    for (const [name, texts] of Object.entries(fields).slice(0, 12)) {
      const id = document.getElementById(`c-${name}`) ? `c-${name}` : `s-${name.split(".")[0]}`;
      const item = document.createElement("li");
      item.append(Object.assign(document.createElement("a"), { href: `#${id}`, textContent: texts[0] }));
      list.append(item);
    }
    say(message ?? words.first).querySelector("div").append(list);
    judge();
  },
  offerAgain() {
    finish.disabled = false;
    finish.textContent = words.again;
  },
};

// what was handed in is looked at and signed on its own page
class RecordHandIn extends HandIn {
  async finish() {
    form.dataset.next = form.dataset.next.replace(NO_ID, draft.pending.id);
    await super.finish();
  }
}

const photos = new Photos(form, draft.key, words, changed);
const handIn = new RecordHandIn(form, draft, photos, page);

form.addEventListener("input", () => changed());
form.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.add) add(button.dataset.add);
  else if (button?.matches("[data-remove]")) remove(button.closest("[data-turn]"));
  else if (button?.matches("[data-tap]")) button.parentElement.querySelector("input").value = clock();
  else return;
  changed();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const end = form.querySelector("[data-stamp=end]");
  stampStart();
  if (!end.value || end.dataset.stamped) Object.assign(end, { value: clock().slice(0, 5) }).dataset.stamped = "1";
  handIn.begin();
});
document.addEventListener("visibilitychange", () => document.hidden && saving && save());
addEventListener("hashchange", open);

form.querySelectorAll("[data-add], [data-remove], [data-tap]").forEach((button) => (button.hidden = false));
open();
const kept = await readDraft(draft.key).catch(() => null);
if (kept) {
  Object.assign(draft, kept);
  shapeAs(kept.pending?.fields ?? kept.fields);
  restore(form, kept.pending?.fields ?? kept.fields);
  await photos.restore();
  judge();
  if (draft.pending) handIn.send();
}
