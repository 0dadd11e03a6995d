// The sheet that is signed without network: drawn from what this device holds, with the templates of the page. A
// signature covers the digests of exactly the documents that are listed.

import { draw, el, fill, mark } from "./page.js";
import { FieldForm } from "./form.js";
import { me } from "./outbox.js";
import { all } from "./store.js";

const LOOKED_BACK = 2 * 86400000; // ms; older ones that arrived are signed on the server's sheet
const place = document.getElementById("sheets");
const words = JSON.parse(place.dataset.words);

async function show() {
  const docs = [...(await all("outbox", "user", me)), ...(await all("receipts", "user", me))];
  const signed = docs.filter((doc) => doc.kind === "sign_off" && doc.state !== "attention").map(({ facts }) => facts);
  const nameOf = (doc) => `${sheetOf(doc)}/${signed.find(({ covers }) => covers?.includes(doc.id))?.covers ?? ""}`;
  const isRecent = ({ state, sentAt }) => state !== "sent" || sentAt > Date.now() - LOOKED_BACK;
  const recent = docs.filter((one) => one.kind === "inspection" && isRecent(one) && cardOf(one));
  const sheets = new Map(recent.map((doc) => [nameOf(doc), recent.filter((one) => nameOf(one) === nameOf(doc))]));
  const cards = [...sheets].map(([name, listed]) => card(name, listed, signed));
  if (cards.length) place.replaceChildren(...cards);
  for (const form of place.querySelectorAll("form")) new FieldForm(form, { facts: () => factsOf(form) });
  place.addEventListener("change", ({ target: { name, form, selectedOptions } }) => {
    if (name === "signer") form.elements.name.value = selectedOptions[0].textContent.trim();
  });
}

const factsOf = (form) => ({ capacity: form.elements.capacity.value, covers: form.dataset.covers });
const cardOf = ({ facts }) => document.getElementById(`sheet-card-${facts.site}`); // none where they may not sign
const dayOf = (doc) => new Date(doc.madeAt).toLocaleDateString("sv-SE", { timeZone: cardOf(doc).dataset.zone });
const sheetOf = (doc) => `${doc.facts.site}/${dayOf(doc)}`;

function card(name, listed, signed) {
  const [site, day] = name.split("/");
  const covers = listed.map(({ id, sha256 }) => `${id}:${sha256}`).sort();
  const isSigned = (capacity) => signed.some((one) => one.capacity === capacity && one.covers === String(covers));
  const rows = listed.sort((one, other) => other.facts.lines.length - one.facts.lines.length).map(row);
  const abnormal = listed.filter(({ facts }) => facts.lines.length).length;
  const made = draw(`sheet-card-${site}`, { title: day, counts: fill(words.counts, { n: listed.length, abnormal }) });
  made.querySelector("[data-rows]").replaceChildren(...rows);
  for (const form of made.querySelectorAll("form")) {
    const { capacity, day: field } = form.elements;
    field.value = day;
    const inputs = covers.map((value) => el("input", { type: "hidden", name: "covers", value }));
    form.querySelector("[data-covers]").replaceChildren(...inputs);
    Object.assign(form.dataset, { draft: `sheet/${capacity.value}/${covers}`, covers: String(covers) });
    if (isSigned(capacity.value)) form.replaceWith(draw("sheet-signed"));
  }
  return made;
}

function row({ facts, state }) {
  const said = (name) => (Number(facts[name]) ? fill(words[name], { n: facts[name] }) : "");
  const made = draw("sheet-row", { ...facts, photos: said("photos"), units: said("units"), state: words[state] });
  made.querySelector("[data-lines]").replaceChildren(...facts.lines.map((line) => draw("sheet-line", line)));
  mark(made, facts.lines.length ? "abnormal" : "ok");
  return made;
}

show();
