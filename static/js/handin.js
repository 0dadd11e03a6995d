// Handing in: photos first, then the document under its own name. Only a receipt that echoes the name is delivery.
// Between "done" and the receipt the document is frozen, so that every try sends the same.

import { dropDraft, fieldsOf, newId, writeDraft } from "./draft.js";

const TRIES_FOR_PHOTOS = 3;
const TRY_LATER = [408, 424, 425, 429];

// words with values in them
export const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name] ?? "");

// shows a message in #problem and returns it, so that more can be put into it
export function say(message, link) {
  const note = document.getElementById("note-row").content.firstElementChild.cloneNode(true);
  note.querySelector("p").textContent = message;
  if (link) note.querySelector("p").append(" ", Object.assign(document.createElement("a"), link));
  document.getElementById("problem").replaceChildren(note);
  note.scrollIntoView({ block: "center" });
  return note;
}

export class HandIn {
  constructor(form, draft, photos, page) {
    Object.assign(this, { form, draft, photos, page, words: page.words, isBusy: false });
  }

  // freezes what is in the form and sends it
  async begin() {
    if (this.isBusy) return;
    if (!this.draft.pending) {
      const fields = fieldsOf(this.form);
      const now = new Date().toISOString();
      fields.push(["started_at", this.draft.startedAt ?? now], ["finished_at", now]);
      this.draft.pending = { id: newId(), fields };
    }
    await this.send();
  }

  async send() {
    if (this.isBusy) return;
    this.isBusy = true;
    this.page.lock(true, this.words.handingIn);
    try {
      await this.keep();
      await this.deliver();
    } catch {
      this.hold(this.page.canSave ? this.words.kept : this.words.notKept);
    } finally {
      this.isBusy = false;
    }
  }

  async keep() {
    this.page.canSave = await writeDraft(this.draft).then(() => true, () => false);
  }

  async deliver(missing = [], tries = TRIES_FOR_PHOTOS) {
    if (!(await this.photos.sendAll(missing))) {
      if (!this.photos.hasRefused()) throw new Error("photos");
      return this.reopen({}, this.words.refusedPhoto);
    }
    const { id, fields } = this.draft.pending;
    const body = new FormData();
    for (const [name, value] of fields) body.append(name, value);
    body.append("sent_at", new Date().toISOString());
    const answer = await fetch(this.form.dataset.post.replace(/[0-9a-f-]{36}/, id), {
      method: "POST",
      body,
      headers: { Accept: "application/json", "X-Outbox-User": this.form.dataset.user },
      redirect: "error",
      signal: AbortSignal.timeout(60000),
    });
    const said = await answer.json();
    if (answer.ok && said.id === id) return this.finish();
    const error = said.error ?? {};
    if (answer.status === 424 && tries > 1) return this.deliver(error.missing ?? [], tries - 1);
    return this.answered(answer.status, error);
  }

  async finish() {
    await dropDraft(this.draft.key).catch(() => undefined);
    location.assign(this.form.dataset.next);
  }

  async answered(status, error) {
    if (status === 401) return this.hold(this.words.signIn, { href: this.form.dataset.signIn, textContent: this.words.signInLink });
    if (error.code === "other_user") return this.hold(this.words.otherUser);
    if (status === 409) {
      this.draft.pending.id = newId();
      await this.keep();
      return this.hold(this.words.conflict);
    }
    if (status < 400 || status >= 500 || TRY_LATER.includes(status)) return this.hold(error.message ?? this.words.kept);
    return this.reopen(error.fields ?? {}, error.message ?? this.words.first);
  }

  // refused for what is in it: the person can change it; the next try is another document
  async reopen(fields, message) {
    this.draft.pending = null;
    await this.keep();
    this.page.lock(false);
    this.page.complain(fields, message);
  }

  // not delivered: say so, keep all, offer to send again
  hold(message, link) {
    this.page.say(message, link);
    this.page.offerAgain();
  }
}
