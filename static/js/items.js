// The items of a checklist: their states, readings against the limits that the server worked out, what is missing.
// There is no second judge here: limits come with the page, and the server judges again.

import { fill } from "./handin.js";

const typed = (text) => text.normalize("NFKC").trim().replace(/^[−–]/, "-");
const number = (text) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?$/i.test(typed(text)) ? Number(typed(text)) : NaN);
const decimals = (text) => (/\.(\d+)/.exec(typed(text))?.[1] ?? "").length;
const rounded = (value, ...texts) => String(+value.toFixed(Math.max(...texts.map(decimals))));

export class Items {
  constructor(form, words) {
    Object.assign(this, { form, words, all: [...form.querySelectorAll(".item")] });
  }

  // every state anew; the items that keep the form from being complete
  draw() {
    for (const item of this.all) this.drawOne(item);
    const hasAbnormal = this.all.some((item) => item.dataset.key && item.dataset.s === "abnormal");
    return this.all.filter((item) => this.isMissing(item, hasAbnormal));
  }

  // required pass/fail items without an answer become normal; safety and optional items, readings and photos do not
  setRestNormal() {
    for (const item of this.all) {
      const { kind, s: state, required, safety } = item.dataset;
      const isMeant = kind === "pass_fail" && state === "todo" && required !== undefined && safety === undefined;
      if (isMeant) item.querySelector("[value=pass]").checked = true;
    }
  }

  // the first tap says all, the others count down or up
  step(button) {
    const field = this.form.elements.units_checked;
    const total = Number(button.closest(".item").dataset.total);
    const now = number(field.value);
    field.value = Number.isNaN(now) ? total : Math.min(total, Math.max(1, now + Number(button.dataset.step)));
  }

  addPhrase(button) {
    const field = button.closest(".field").querySelector("textarea");
    const phrase = button.textContent;
    if (!field.value.includes(phrase)) field.value = [field.value.trim(), phrase].filter(Boolean).join("，");
  }

  // puts the server's messages to their items; the first item that has one
  complain(fields) {
    for (const list of this.form.querySelectorAll("[data-complaints]")) list.replaceChildren();
    const found = Object.entries(fields).map(([name, texts]) => {
      const [, key] = /^\w+\.(.+)/.exec(name) ?? [];
      const item = document.getElementById(key ? `i-${key}` : name.startsWith("unit") ? "i-units" : "i-run-state");
      const lines = texts.map((text) => Object.assign(document.createElement("li"), { textContent: text }));
      item?.querySelector("[data-complaints]")?.append(...lines);
      return item;
    });
    return this.all.find((item) => found.includes(item));
  }

  field(item, part) {
    return this.form.elements[`${part}.${item.dataset.key}`];
  }

  // a word of the design, as the server will judge it
  stateOf(item) {
    const { kind, key, low, high } = item.dataset;
    const chosen = item.querySelector("[name^='a.']:checked, [name=run_state]:checked")?.closest("label");
    if (chosen) return chosen.dataset.s;
    if (key && item.querySelector(`[name="na.${key}"]:checked`)) return "na";
    if (kind === "units") return this.stateOfUnits(item);
    if (kind === "photo") return item.querySelector("[data-photo]") ? "ok" : "todo";
    const text = (this.field(item, "a") ?? item.querySelector("textarea"))?.value?.trim();
    if (!text) return "todo";
    if (kind !== "number") return "ok";
    const value = number(text);
    if (Number.isNaN(value)) return "warn";
    return value < number(low ?? "") || value > number(high ?? "") ? "abnormal" : "ok";
  }

  stateOfUnits(item) {
    const total = Number(item.dataset.total);
    const checked = number(this.form.elements.units_checked.value);
    item.querySelector("[data-units-reason]").hidden = !(checked < total);
    if (!(checked >= 1 && checked <= total)) return "todo";
    return item.querySelector("[name=unit]:checked") ? "abnormal" : "ok";
  }

  isMissing(item, hasAbnormal) {
    const { kind, photoDue, s: state } = item.dataset;
    if (kind === "units") {
      const reason = item.querySelector("[data-units-reason]");
      const lacksReason = !reason.hidden && !this.form.elements.units_reason.value.trim();
      return state === "todo" || lacksReason || hasAbnormal !== (state === "abnormal");
    }
    if (state === "todo") return "required" in item.dataset && !(kind === "photo" && !photoDue);
    if (state === "na" || kind === "state" || kind === "more") return false;
    const isPhotoDue = photoDue === "always" || (photoDue === "abnormal" && state === "abnormal");
    if (isPhotoDue && !item.querySelector("[data-photo]")) return true;
    if (state !== "abnormal") return state === "warn";
    return !this.field(item, "why").value.trim() || !item.querySelector("[name^='remedy.']:checked");
  }

  drawOne(item) {
    const state = this.stateOf(item);
    if (item.dataset.s !== state) {
      item.dataset.s = state;
      const use = item.querySelector(":scope > .mark use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#m-${state}`));
    }
    item.dataset.remedy = item.querySelector("[name^='remedy.']:checked")?.value ?? "";
    const level = item.querySelector("[name^='level.']:checked")?.value;
    for (const limit of item.querySelectorAll("[data-level]")) limit.hidden = limit.dataset.level !== level;
    if (item.dataset.kind === "number") this.drawNumber(item, state);
  }

  // by how much it is over, and how much it changed
  drawNumber(item, state) {
    const { low, high, last, unit } = item.dataset;
    const text = this.field(item, "a").value;
    const value = number(text);
    const heading = item.querySelector("[data-heading]");
    heading.textContent = this.words.abnormal;
    if (state === "abnormal") {
      const isAbove = value > number(high ?? "");
      const excess = isAbove ? value - number(high) : number(low) - value;
      const n = rounded(excess, text, isAbove ? high : low);
      heading.textContent = fill(this.words[isAbove ? "above" : "below"], { n, unit });
    }
    const list = item.querySelector("[data-complaints]");
    const isSaid = list.textContent === this.words.notNumber;
    if (isSaid !== (state === "warn")) {
      list.replaceChildren(...(isSaid ? [] : [Object.assign(document.createElement("li"), { textContent: this.words.notNumber })]));
    }
    const change = item.querySelector("[data-change]");
    if (!change) return;
    for (const part of item.querySelectorAll("dl .needs-js")) part.hidden = Number.isNaN(value);
    const by = Number.isNaN(value) ? "" : rounded(value - number(last), text, last);
    change.textContent = `${by > 0 ? "+" : ""}${by} ${unit}`.replace("-", "−");
  }
}
