// The signature pad of a form. Strokes stay through rotation, are kept with the draft, and become a picture at the end.

import SignaturePad from "../vendor/signature_pad.js";

export class Signature {
  constructor(frame, changed) {
    Object.assign(this, { canvas: frame.querySelector("canvas"), width: 0 });
    this.pad = new SignaturePad(this.canvas, { penColor: frame.dataset.ink, minWidth: 0.8, maxWidth: 2.6 });
    const form = frame.closest("form");
    frame.hidden = false;
    for (const part of form.querySelectorAll("[data-needs-script]")) part.hidden = false;
    for (const part of form.querySelectorAll("details[data-picture]")) part.hidden = true;
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    this.pad.addEventListener("endStroke", changed);
    form.querySelector("[data-again]")?.addEventListener("click", () => {
      this.pad.clear();
      changed();
    });
  }

  // what a draft keeps, and how it comes back; positions are parts of the width
  get strokes() {
    return this.pad.toData().map((stroke) => scaled(stroke, 1 / (this.width || 1)));
  }

  set strokes(strokes) {
    this.pad.fromData(strokes.map((stroke) => scaled(stroke, this.width || 1)));
  }

  // the frame keeps its shape, so strokes grow and shrink with it and come back exactly after turning back
  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    if (!width || width === this.width) return;
    const strokes = this.strokes;
    const density = Math.max(window.devicePixelRatio || 1, 2);
    Object.assign(this.canvas, { width: width * density, height: height * density });
    this.canvas.getContext("2d").scale(density, density);
    this.width = width;
    this.pad.clear();
    this.strokes = strokes;
  }

  async picture() {
    const blob = await new Promise((resolve) => this.canvas.toBlob(resolve, "image/png"));
    return blob.arrayBuffer();
  }
}

function scaled(stroke, by) {
  const points = stroke.points.map((point) => ({ ...point, x: point.x * by, y: point.y * by }));
  const sizes = ["minWidth", "maxWidth", "dotSize"].map((name) => [name, stroke[name] && stroke[name] * by]);
  return { ...stroke, points, ...Object.fromEntries(sizes) };
}
