// What every page does: small drawing tools for the scripts; sends what waits and shows how much, keeps the app itself
// on the device, offers a new version. Texts come from the page: its words, and <template>s instead of an engine.

import { drain, me } from "./outbox.js";
import { all, labels } from "./store.js";

export const el = (tag, properties) => Object.assign(document.createElement(tag), properties);

// words with values in them: "{n} to go"
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

// a copy of what is in template#name; `parts`: text for the places [data-of=…]
export function draw(name, parts = {}) {
  const made = document.getElementById(name).content.firstElementChild.cloneNode(true);
  for (const place of made.querySelectorAll("[data-of]")) place.textContent = parts[place.dataset.of] ?? "";
  return made;
}

// the mark of an element takes another state, in shape and colour
export function mark(element, state, sign = state) {
  element.dataset.s = state;
  const use = element.querySelector(".mark use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#m-${sign}`));
}

// shows a message in #problem and returns it, so that more can be put into it
export function say(message = document.getElementById("problem").dataset.unreachable, link) {
  const note = draw("note-row", { text: message });
  if (link) note.querySelector("p").append(" ", el("a", link));
  document.getElementById("problem").replaceChildren(note);
  note.scrollIntoView({ block: "center" });
  return note;
}

export const clockTime = (moment, options = { hour: "2-digit", minute: "2-digit", hour12: false }) =>
  new Date(moment).toLocaleString(document.documentElement.lang === "en" ? "en-GB" : "zh-CN", options);

const badge = document.getElementById("outbox-badge");
const words = JSON.parse(badge?.dataset.words ?? "{}");
const asked = new URLSearchParams(location.search);
const when = (element, shown) => element && (element.hidden = !shown);

async function show() {
  const docs = await all("outbox").catch(() => []);
  const own = docs.filter(({ user }) => user === me);
  const state = own.some((doc) => doc.state === "attention") ? "attention" : own.length ? "waiting" : "others";
  when(badge, docs.length);
  badge.querySelector("span").textContent = fill(words[state], { n: own.length || docs.length });
  mark(badge, state, state === "attention" ? "warn" : "waiting");
  const note = document.querySelector("[data-done]");
  const made = note ? [...(await all("receipts", "user", me)), ...own] : [];
  made.sort((one, other) => one.madeAt.localeCompare(other.madeAt));
  const doc = made.findLast(({ asset }) => asset && asset === asked.get("done"));
  when(note, doc);
  if (!doc) return;
  note.querySelector("b").textContent = doc.title;
  note.querySelector("span").textContent = words[doc.state === "sent" ? "sent" : "kept"];
  mark(note, doc.state, doc.state === "attention" ? "warn" : doc.state);
}

async function keepApp() {
  const hint = document.querySelector("[data-certificate-hint]");
  const refused = ({ name }) => void when(hint, name === "SecurityError"); // a warning that was clicked away
  const app = await navigator.serviceWorker?.register("/service-worker.js").catch(refused);
  if (!app) return;
  const offer = () => when(document.getElementById("new-version"), app.waiting && navigator.serviceWorker.controller);
  app.addEventListener("updatefound", () => app.installing?.addEventListener("statechange", offer));
  offer();
  document.querySelector("#new-version button")?.addEventListener("click", async ({ target }) => {
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    const isOpen = held.some(({ name }) => name.startsWith("form/"));
    if (isOpen) return void (target.previousElementSibling.textContent = words.formOpen);
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
    app.waiting?.postMessage("take over");
  });
}

const fillIn = (field, text) => (field.value = text ?? field.value);
for (const field of document.querySelectorAll("[data-from-query]")) fillIn(field, asked.get(field.dataset.fromQuery));
const scanned = document.referrer.includes("/scan") ? sessionStorage.getItem("scanned") : ""; // came through the label
for (const field of document.querySelectorAll("[data-from-scan]")) fillIn(field, scanned);
labels().then((taken) => {
  const name = taken.find(({ asset }) => asset === asked.get("asset"))?.name;
  for (const place of name ? document.querySelectorAll("[data-asset-name]") : []) place.textContent = name;
});
const forms = document.querySelectorAll("form[data-outbox]:not([data-own])");
if (forms.length) import("./form.js").then(({ FieldForm }) => forms.forEach((form) => new FieldForm(form)));
for (const part of document.querySelectorAll("[data-secure-hint]")) when(part, !window.isSecureContext);
for (const part of document.querySelectorAll("[data-away-ios]")) when(part, navigator.standalone === false);

if (badge) {
  document.addEventListener("outbox", show);
  for (const name of ["pageshow", "online", "focus"]) addEventListener(name, drain);
  document.addEventListener("visibilitychange", () => document.hidden || drain());
  document.querySelector("form[action$='/sign-out']").addEventListener("submit", (event) => {
    if (!badge.hidden && !confirm(words.leave)) event.preventDefault();
  });
  show();
  drain();
}
if (document.readyState === "complete") keepApp(); // WebKit runs modules after "load"
else addEventListener("load", keepApp); // the page itself comes first on a slow line
document.addEventListener("htmx:error", ({ target }) => target.dataset?.polled ?? say()); // what is polled waits
