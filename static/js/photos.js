// Photos of a form: made small on the device, kept there, sent in the background one by one, each with its state.
// The bytes stay until the digest in the server's receipt is theirs.

import { bytesOf, dropPhoto, newId, photosOf, writePhoto } from "./draft.js";

const LONGEST_SIDE = 1600;
const QUALITY = 0.8;
const SLOWEST = 2; // bytes per millisecond

export class Photos {
  constructor(form, key, words, changed) {
    Object.assign(this, { form, key, words, changed, rows: new Map(), line: Promise.resolve() });
    form.addEventListener("change", (event) => event.target.matches(".shot input") && this.take(event.target));
    form.addEventListener("click", (event) => this.remove(event.target.closest(".drop")));
  }

  async restore() {
    for (const photo of await photosOf(this.key)) {
      const buffer = await bytesOf(photo.id);
      if (buffer) this.show(photo, buffer);
    }
    this.sendAll();
  }

  // the camera gave something: shrink it, keep it, show it, send it
  async take(input) {
    const [file] = input.files;
    if (!file) return;
    try {
      const buffer = await shrunk(file);
      const photo = { id: newId(), draft: this.key, item: input.closest("[data-strip]").dataset.strip, at: Date.now(), isSent: false };
      await writePhoto(photo, buffer).catch(() => undefined); // a browser that cannot keep it can still send it
      this.show(photo, buffer);
      this.changed();
      this.send(photo.id);
    } catch {
      this.changed(this.words.wrongPhoto);
    } finally {
      input.value = "";
    }
  }

  show(photo, buffer) {
    const strip = this.form.querySelector(`[data-strip="${CSS.escape(photo.item)}"] .photos`);
    if (!strip) return;
    const row = document.getElementById("photo-row").content.firstElementChild.cloneNode(true);
    row.dataset.photo = photo.id;
    row.querySelector("img").src = URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" }));
    Object.assign(row.querySelector("input"), { name: `photo.${photo.item}`, value: photo.id });
    const shot = strip.querySelector(".shot");
    if (shot) shot.before(row);
    else strip.append(row);
    this.rows.set(photo.id, { photo, row, buffer });
    this.mark(photo.id, photo.isSent ? "sent" : "draft");
  }

  mark(id, state) {
    const { row } = this.rows.get(id) ?? {};
    if (!row) return;
    row.dataset.s = state;
    row.querySelector("b span").textContent = this.words[state];
    const use = row.querySelector("b use");
    const sign = state === "attention" ? "warn" : state;
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#m-${sign}`));
  }

  async remove(button) {
    const row = button?.closest("[data-photo]");
    if (!row) return;
    this.rows.delete(row.dataset.photo);
    row.remove();
    this.changed();
    await dropPhoto(row.dataset.photo).catch(() => undefined);
  }

  // one after the other, so that a slow line brings at least the first
  send(id) {
    this.line = this.line.then(() => this.put(id)).catch(() => this.mark(id, "draft"));
    return this.line;
  }

  async put(id) {
    const known = this.rows.get(id);
    if (!known || known.photo.isSent) return;
    const { buffer } = known;
    this.mark(id, "sending");
    const sha256 = await digest(buffer);
    const headers = { "Content-Type": "image/jpeg", "X-Outbox-User": this.form.dataset.user };
    if (sha256) headers["X-Content-SHA256"] = sha256;
    const answer = await fetch(this.form.dataset.put.replace(/[0-9a-f-]{36}/, id), {
      method: "PUT",
      body: buffer,
      headers,
      redirect: "error",
      signal: AbortSignal.timeout(30000 + buffer.byteLength / SLOWEST),
    });
    const receipt = await answer.json();
    const isHere = answer.ok && receipt.id === id && (!sha256 || receipt.sha256 === sha256);
    if (isHere && this.rows.has(id)) {
      Object.assign(known.photo, { isSent: true, sha256: receipt.sha256 });
      await writePhoto(known.photo).catch(() => undefined);
    }
    this.mark(id, isHere ? "sent" : [409, 413, 415].includes(answer.status) ? "attention" : "draft");
  }

  hasRefused() {
    return [...this.rows.values()].some(({ row }) => row.dataset.s === "attention");
  }

  // sends what has not arrived; whether all have
  async sendAll(missing = []) {
    for (const { photo } of this.rows.values()) if (missing.includes(photo.id)) photo.isSent = false;
    await this.line;
    for (const { photo } of this.rows.values()) if (!photo.isSent) await this.send(photo.id);
    return [...this.rows.values()].every(({ photo }) => photo.isSent);
  }
}

async function shrunk(file) {
  const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(whole.width, whole.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(whole.width * scale));
  canvas.height = Math.max(1, Math.round(whole.height * scale));
  canvas.getContext("2d").drawImage(whole, 0, 0, canvas.width, canvas.height);
  whole.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return blob.arrayBuffer();
}

async function digest(buffer) {
  if (!crypto.subtle) return ""; // plain HTTP: the server computes it alone
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", buffer));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
