// Photos of a form: made small and kept on the device before anything else; the outbox sends them.

import { draw, mark } from "./page.js";
import { dropPhoto, newId, photosOf, read, writePhoto } from "./store.js";

const LONGEST_SIDE = 1600;
const QUALITY = 0.8;

export class Photos {
  constructor(form, key, user, words, changed) {
    Object.assign(this, { form, key, user, words, changed, unkept: new Map() });
    form.addEventListener("change", (event) => event.target.matches(".shot input") && this.take(event.target));
    form.addEventListener("click", (event) => this.remove(event.target.closest(".drop")?.closest("[data-photo]")));
    document.addEventListener("outbox", () => this.refresh());
    for (const input of form.querySelectorAll(".shot input")) if (input.files.length) this.take(input); // came earlier
  }

  async restore() {
    for (const photo of await photosOf(this.key)) this.show(photo, await read("bytes", photo.id));
  }

  // the camera gave something: its bytes are read at once, made small, kept, shown
  async take(input) {
    const [item, files] = [input.closest("[data-strip]").dataset.strip, [...input.files]];
    for (const file of files) {
      const keep = async (buffer) => this.keep({ item, type: "image/jpeg" }, buffer);
      await shrunk(file).then(keep).catch(() => this.changed(this.words.wrongPhoto));
    }
    input.value = "";
    this.changed();
  }

  // a browser that cannot keep it can still send it as long as the page is open
  async keep(about, buffer) {
    const photo = { id: newId(), draft: this.key, user: this.user, at: Date.now(), isSent: false, ...about };
    await writePhoto(photo, buffer).catch(() => this.unkept.set(photo.id, buffer));
    this.show(photo, buffer);
    return photo.id;
  }

  show({ id, item }, buffer) {
    const strip = buffer && this.form.querySelector(`[data-strip="${CSS.escape(item)}"] .photos`);
    if (!strip || strip.querySelector(`[data-photo="${id}"]`)) return; // taken while the draft came back: shown already
    const row = draw("photo-row");
    row.dataset.photo = id;
    row.querySelector("img").src = URL.createObjectURL(new Blob([buffer], { type: "image/jpeg" }));
    Object.assign(row.querySelector("input"), { name: ["photo", item].filter(Boolean).join("."), value: id });
    strip.insertBefore(row, strip.querySelector(".shot"));
    this.refresh();
  }

  async refresh() {
    const kept = new Map((await photosOf(this.key).catch(() => [])).map((photo) => [photo.id, photo]));
    for (const row of this.form.querySelectorAll("[data-photo]")) {
      const photo = kept.get(row.dataset.photo);
      const state = photo?.isSent ? "sent" : photo?.problem ? "attention" : "draft";
      if (!photo && !this.unkept.has(row.dataset.photo)) continue; // of the server's page
      row.querySelector("b span").textContent = this.words[state];
      mark(row, state, state === "attention" ? "warn" : state);
    }
  }

  async remove(row) {
    if (!row) return;
    row.remove();
    this.unkept.delete(row.dataset.photo);
    this.changed();
    await dropPhoto(row.dataset.photo).catch(() => undefined);
  }
}

async function shrunk(file) {
  const whole = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST_SIDE / Math.max(whole.width, whole.height));
  const canvas = document.createElement("canvas");
  const [width, height] = [whole.width, whole.height].map((side) => Math.max(1, Math.round(side * scale)));
  Object.assign(canvas, { width, height }).getContext("2d").drawImage(whole, 0, 0, width, height);
  whole.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return blob.arrayBuffer();
}
