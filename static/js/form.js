// A form whose content is born in the field: every change is kept as a draft, "done" moves it to the outbox. `own` is
// what one kind of form does besides: changed(event), complete(), restored(fields), facts().

import { drain, isRefused, me, sendUnkept, submit } from "./outbox.js";
import { clockTime, fill, say } from "./page.js";
import { Photos } from "./photos.js";
import { first, newId, put, read } from "./store.js";

const SAVE_AFTER = 250; // ms after the last key
const WAIT_FOR_RECEIPT = 4000; // ms, on forms that lead to what the server has
const NIL = /0{8}-0{4}-0{4}-0{4}-0{12}/;
const common = document.getElementById("field-words");
const note = (text) => document.getElementById("saved")?.replaceChildren(text);

export class FieldForm {
  constructor(form, own = {}) {
    this.words = { ...JSON.parse(common.dataset.words), ...JSON.parse(form.dataset.words ?? "{}") };
    const finish = document.querySelector(`#finish[form="${form.id}"]`);
    Object.assign(this, { form, own, finish, timer: 0, since: performance.now() });
    const { kind, title, draft } = form.dataset;
    const about = form.querySelector("[data-from-query]") ? location.search : ""; // one page for many labels or devices
    this.key = `${me}/${draft ?? form.getAttribute("action") + (form.elements.capacity?.value ?? "")}${about}`;
    const page = location.pathname + location.search;
    this.draft = { key: this.key, user: me, kind, title, page, fields: [], seconds: 0 };
    this.photos = new Photos(form, this.key, me, this.words, (problem) => (problem ? say(problem) : this.changed()));
    this.ready = this.begin();
    form.addEventListener("input", (event) => event.target.type !== "file" && this.changed(event));
    form.addEventListener("submit", (event) => this.submit(event));
    document.addEventListener("visibilitychange", () => this.timer && this.save()); // camera opens, phone is locked
    addEventListener("pageshow", (event) => event.persisted && location.reload()); // "back" after handing in
    if (draft) navigator.locks?.request(`form/${this.key}`, { ifAvailable: true }, (lock) => this.hold(lock));
  }

  async begin() {
    const frame = this.form.querySelector("[data-pad]");
    if (frame) this.signature = new (await import("./signature.js")).Signature(frame, () => this.changed());
    const kept = await read("drafts", this.key).catch(() => undefined);
    if (keptOf(this.form).some(isTouched)) this.timer = setTimeout(() => this.save(), SAVE_AFTER);
    if (kept) {
      const fields = kept.pending?.fields ?? kept.fields; // pending: from the first version of this app
      Object.assign(this.draft, kept);
      this.own.restored?.(fields);
      restore(this.form, fields);
      if (kept.strokes && this.signature) this.signature.strokes = kept.strokes;
      note(this.words.restored);
    }
    await this.photos.restore().catch(() => undefined);
    this.own.changed?.();
  }

  // of two tabs with one form the second only looks on; the lock is given back when this page is left
  hold(lock) {
    return lock ? new Promise(() => {}) : this.lock(this.words.otherTab, say(this.words.otherTab));
  }

  lock(text) {
    this.form.inert = Boolean(text);
    if (!this.finish) return;
    this.label ??= this.finish.textContent;
    this.finish.disabled = this.form.inert;
    this.finish.textContent = text || this.label;
  }

  changed(event) {
    this.own.changed?.(event);
    clearTimeout(this.timer);
    if (event?.target.matches("textarea, [type=text]")) this.timer = setTimeout(() => this.save(), SAVE_AFTER);
    else this.save();
  }

  async save() {
    clearTimeout(this.timer);
    this.timer = 0;
    await this.ready; // what was kept before must be back in the form first
    if (this.isDone) return; // nothing that comes late may write the draft again
    const [now, time] = [performance.now(), new Date().toISOString()];
    const seconds = this.draft.seconds + (now - this.since) / 1000; // of a clock that nobody sets
    this.since = now;
    const startedAt = this.draft.startedAt ?? time;
    const { strokes } = this.signature ?? {};
    Object.assign(this.draft, { startedAt, savedAt: time, seconds, fields: fieldsOf(this.form), strokes });
    const isKept = await put("drafts", this.draft).then(() => true, () => false);
    note(isKept ? fill(this.words.saved, { time: clockTime(time) }) : this.words.notSaved);
  }

  async submit(event) {
    event.preventDefault();
    await this.ready;
    if (this.form.inert || this.own.complete?.() === false) return;
    if (this.signature?.pad.isEmpty()) return void say(this.words.signFirst);
    this.lock(this.words.handingIn);
    try {
      await this.save();
      await this.handIn(await this.document());
    } catch (error) {
      this.isDone = false;
      this.lock("");
      say(error.what === "attention" ? error.message : this.words.notKept);
    }
  }

  // what goes to the outbox: named by this device, complete, never changed afterwards
  async document() {
    const { form, draft } = this;
    const now = new Date().toISOString();
    for (const field of form.querySelectorAll("[data-now]")) field.value = now;
    for (const field of form.querySelectorAll("[data-new-id]")) field.value = newId();
    const picture = this.signature && (await this.signature.picture());
    const signed = picture && (await this.photos.keep({ item: "", type: "image/png", isSignature: true }, picture));
    if (signed) form.elements.file.value = signed;
    const id = form.elements.id?.value || draft.pending?.id || newId();
    const fields = fieldsOf(form);
    const files = [...form.querySelectorAll("[data-photo]")].map((row) => row.dataset.photo).concat(signed || []);
    const { kind, title, next = "", asset = "" } = form.dataset;
    const times = [["started_at", draft.startedAt], ["finished_at", now], ["seconds", Math.round(draft.seconds)]];
    if ("times" in form.dataset) fields.push(...times);
    const [url, target] = [form.dataset.post ?? form.getAttribute("action"), next].map((text) => text.replace(NIL, id));
    const [page, facts] = [draft.page, this.own.facts?.() ?? {}];
    return { id, user: me, kind, title, asset, url, fields, files, page, next: target || "/outbox", facts };
  }

  async handIn(doc) {
    const { unkept } = this.photos;
    this.isDone = true;
    const isKept = !unkept.size && (await submit(doc, this.key).then(() => true, () => false));
    if (!isKept) await sendUnkept(doc, unkept, this.key);
    if (this.form.dataset.wait === undefined || !isKept) return location.assign(doc.next);
    await Promise.race([drain(), new Promise((up) => setTimeout(up, WAIT_FOR_RECEIPT))]);
    const answered = (await read("receipts", doc.id)) ?? (await first("outbox", "id", doc.id, isRefused));
    if (answered?.state === "sent") return location.assign(doc.next);
    this.lock(this.words.draft);
    return say(answered?.reason || this.words.waits, { href: "/outbox", textContent: this.words.toOutbox });
  }
}

// names and values as a form sends them, without files, with one kind of line end
export function fieldsOf(form) {
  const texts = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  return texts.map(([name, value]) => [name, value.replace(/\r\n?/g, "\n")]);
}

const NOT_KEPT = ["file", "hidden", "submit", "button"]; // a person does not write into these
const keptOf = (form) => [...form.elements].filter(({ name, type }) => name && !NOT_KEPT.includes(type));
const isTicked = ({ type }) => type === "radio" || type === "checkbox";
const firstOf = (select) => [...select.options].findIndex((option) => option.defaultSelected);
function isTouched(field) {
  if (field.type === "select-one") return field.selectedIndex !== Math.max(0, firstOf(field));
  return isTicked(field) ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

// puts a draft back, but for what was tapped before this script was ready: that is newer
export function restore(form, fields) {
  const groups = new Map();
  for (const field of keptOf(form)) groups.set(field.name, [...(groups.get(field.name) ?? []), field]);
  for (const [name, group] of groups) {
    if (group.some(isTouched)) continue;
    const values = fields.filter(([field]) => field === name).map(([, value]) => value);
    for (const field of group) {
      if (isTicked(field)) field.checked = values.includes(field.value);
      else field.value = values[0] ?? "";
    }
  }
}
