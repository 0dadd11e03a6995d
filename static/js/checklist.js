// The page of one checklist: the states of its items, readings against the limits that came with the page, what is
// missing. There is no second judge here: the server judges again. The rest is what every field form does.

import { FieldForm } from "./form.js";
import { el, fill, mark, say } from "./page.js";

const form = document.getElementById("inspection");
const words = JSON.parse(form.dataset.words);
const items = [...form.querySelectorAll(".item")];
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?([01]?\d|20))?$/i;
const number = (text) => Number(text.normalize("NFKC").trim().replace(/^[−–]/, "-").match(NUMBER)?.[0] ?? NaN);
const rounded = (value) => String(+value.toFixed(6)); // without the dust of binary fractions
const field = (item, part) => form.elements[`${part}.${item.dataset.key}`];
const question = (item) => item.querySelector(".q > :first-child").textContent;
const remedy = (item) => item.querySelector("[name^='remedy.']:checked");
const isAbnormal = ({ dataset: { key, s } }) => key && s === "abnormal";

// a word of the design, as the server will judge it
function stateOf(item) {
  const { kind, key, low, high, total } = item.dataset;
  const chosen = item.querySelector("[name^='a.']:checked, [name=run_state]:checked")?.closest("label");
  if (chosen) return chosen.dataset.s;
  if (key && item.querySelector(`[name="na.${key}"]:checked`)) return "na";
  if (kind === "photo") return item.querySelector("[data-photo]") ? "ok" : "todo";
  const text = (field(item, "a") ?? item.querySelector("#units-checked, textarea"))?.value?.trim() ?? "";
  const value = number(text);
  if (kind === "units") {
    item.querySelector("[data-units-reason]").hidden = !(value < total);
    const state = item.querySelector("[name=unit]:checked") ? "abnormal" : "ok";
    return value >= 1 && value <= total ? state : "todo";
  }
  if (!text || kind !== "number") return text ? "ok" : "todo";
  if (Number.isNaN(value)) return "warn";
  return value < number(low ?? "") || value > number(high ?? "") ? "abnormal" : "ok";
}

function isMissing(item) {
  const { kind, photoDue, s: state } = item.dataset;
  if (kind === "units") {
    const lacksReason = !item.querySelector("[data-units-reason]").hidden && !form.elements.units_reason.value.trim();
    return state === "todo" || lacksReason || items.some(isAbnormal) !== (state === "abnormal");
  }
  if (state === "todo") return "required" in item.dataset && !(kind === "photo" && !photoDue);
  if (state === "na" || kind === "state" || kind === "more") return false;
  const isPhotoDue = photoDue === "always" || (photoDue === "abnormal" && state === "abnormal");
  if (isPhotoDue && !item.querySelector("[data-photo]")) return true;
  return state === "abnormal" ? !field(item, "why").value.trim() || !remedy(item) : state === "warn";
}

function drawOne(item) {
  const state = stateOf(item);
  if (item.dataset.s !== state) mark(item, state);
  item.dataset.remedy = remedy(item)?.value ?? "";
  const level = item.querySelector("[name^='level.']:checked")?.value;
  for (const limit of item.querySelectorAll("[data-level]")) limit.hidden = limit.dataset.level !== level;
  if (item.dataset.kind === "number") drawNumber(item, state);
}

// by how much it is over, and how much it changed
function drawNumber(item, state) {
  const { low, high, last, unit } = item.dataset;
  const value = number(field(item, "a").value);
  const isAbove = value > number(high ?? "");
  const excess = isAbove ? value - number(high) : number(low ?? "") - value;
  const said = { n: state === "abnormal" ? rounded(excess) : "", unit };
  const heading = state === "abnormal" ? fill(words[isAbove ? "above" : "below"], said) : words.abnormal;
  item.querySelector("[data-heading]").textContent = heading;
  const change = item.querySelector("[data-change]");
  if (!change) return;
  for (const part of item.querySelectorAll("dl .needs-js")) part.hidden = Number.isNaN(value);
  const by = Number.isNaN(value) ? "" : rounded(value - number(last));
  change.textContent = `${by > 0 ? "+" : ""}${by} ${unit}`.replace("-", "−");
}

// every state anew, and the items that keep the form from being complete
function draw() {
  items.forEach(drawOne);
  const missing = items.filter(isMissing);
  const place = document.getElementById("missing");
  if (!missing.length) place.replaceChildren(words.complete);
  else {
    const link = el("a", { href: `#${missing[0].id}`, textContent: question(missing[0]) });
    place.replaceChildren(el("b", { textContent: fill(words.missing, { n: missing.length }) }), " ", link);
  }
  return missing;
}

// what the sheet that is signed on this device shows of it
function facts() {
  const lines = items.filter(isAbnormal).map((item) => {
    const value = item.dataset.kind === "number" ? ` ${field(item, "a").value} ${item.dataset.unit}` : "";
    const becomes = remedy(item)?.closest("label").textContent.trim();
    return { text: question(item) + value, why: field(item, "why").value.trim(), remedy: becomes };
  });
  const [{ site, name, code }, photos] = [form.dataset, form.querySelectorAll("[data-photo]").length];
  return { site, name, code, lines, photos, units: form.elements.units_checked?.value ?? "" };
}

const page = new FieldForm(form, {
  facts,
  changed(event) {
    event?.target.closest(".item")?.querySelector("[data-complaints]")?.replaceChildren();
    draw();
  },
  complete() {
    const missing = draw();
    for (const list of form.querySelectorAll("[data-complaints]")) list.replaceChildren();
    const needed = () => el("li", { textContent: words.needed });
    for (const item of missing) item.querySelector("[data-complaints]")?.append(needed());
    if (missing.length) say(words.first);
    missing[0]?.scrollIntoView({ block: "start" });
    return !missing.length;
  },
});

// required pass/fail items without an answer become normal; safety and optional items, readings and photos do not
function setRestNormal() {
  const rest = ".item[data-kind=pass_fail][data-s=todo][data-required]:not([data-safety]) [value=pass]";
  for (const answer of form.querySelectorAll(rest)) answer.checked = true;
}

// the first tap says all, the others count down or up
function step({ dataset }) {
  const [count, total] = [form.elements.units_checked, Number(form.querySelector("#i-units").dataset.total)];
  const now = number(count.value);
  count.value = Number.isNaN(now) ? total : Math.min(total, Math.max(1, now + Number(dataset.step)));
}

function addPhrase({ parentElement, textContent: phrase }) {
  const text = parentElement.parentElement.querySelector("textarea");
  if (!text.value.includes(phrase)) text.value = [text.value.trim(), phrase].filter(Boolean).join("，");
}

form.addEventListener("change", ({ target }) => {
  if (target.inputMode === "decimal") target.value = target.value.normalize("NFKC").trim(); // Chinese keyboards
});
document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-phrase], [data-step], #rest");
  if (!button) return;
  if (button.id === "rest") setRestNormal();
  else if ("step" in button.dataset) step(button);
  else addPhrase(button);
  page.changed();
});
draw();
