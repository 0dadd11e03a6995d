// The signature pad: strokes stay through rotation, the picture goes to /files/<id> first, then the form is sent.
// A form takes part by data-signature; see templates/_signature.html for what must be inside it.
import SignaturePad from "../vendor/signature_pad.js";

const RETRYABLE = 3;

for (const form of document.querySelectorAll("form[data-signature]")) setUp(form);
document.addEventListener("submit", nameDocument, true);

// Each document of the field names itself; a form that could not be sent keeps its name for the next try.
function nameDocument(event) {
  for (const field of event.target.querySelectorAll("input[data-new-id]")) field.value ||= newId();
  const now = new Date().toISOString();
  for (const field of event.target.querySelectorAll("input[data-now]")) field.value ||= now;
  for (const field of event.target.querySelectorAll("input[data-sent]")) field.value = now;
}

// as in draft.js, which would bring the database of drafts along
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function setUp(form) {
  const frame = form.querySelector("[data-pad]");
  const canvas = frame.querySelector("canvas");
  const pad = new SignaturePad(canvas, { penColor: frame.dataset.ink, minWidth: 0.8, maxWidth: 2.6 });
  const fields = form.elements;
  let width = 0;

  frame.hidden = false;
  form.querySelectorAll("[data-needs-script]").forEach((part) => (part.hidden = false));
  form.querySelectorAll("details[data-picture]").forEach((part) => (part.open = false));
  new ResizeObserver(fit).observe(canvas);
  pad.addEventListener("endStroke", forget);
  form.querySelector("[data-again]").addEventListener("click", () => {
    pad.clear();
    forget();
  });
  form.querySelector("input[type=file]")?.addEventListener("change", forget);
  form.addEventListener("submit", send, true);

  // The frame keeps its shape, so strokes grow and shrink with it and come back exactly after turning back.
  function fit() {
    const box = canvas.getBoundingClientRect();
    if (!box.width || box.width === width) return;
    const strokes = pad.toData();
    const scale = width ? box.width / width : 1;
    const density = Math.max(window.devicePixelRatio || 1, 2);
    width = box.width;
    canvas.width = box.width * density;
    canvas.height = box.height * density;
    canvas.getContext("2d").scale(density, density);
    pad.clear();
    pad.fromData(strokes.map((stroke) => scaled(stroke, scale)));
  }

  // Another stroke makes another document: its picture and its name are made anew.
  function forget() {
    for (const name of ["file", "id", "signed_at"]) if (fields[name]) fields[name].value = "";
    tell("");
  }

  async function send(event) {
    const picture = form.querySelector("input[type=file]");
    if (fields.file.value || (pad.isEmpty() && picture?.files.length)) return; // ready: htmx or the browser sends it
    event.preventDefault();
    event.stopImmediatePropagation();
    if (pad.isEmpty()) return tell(form.dataset.empty);
    const button = event.submitter;
    if (button) button.disabled = true;
    tell(form.dataset.sending);
    const problem = await upload(form, canvas);
    if (button) button.disabled = false;
    tell(problem);
    if (!problem) form.requestSubmit(button);
  }

  function tell(text) {
    const place = form.querySelector("[data-signature-problem]");
    place.textContent = text || "";
    place.hidden = !text;
  }
}

function scaled(stroke, scale) {
  const points = stroke.points.map((point) => ({ ...point, x: point.x * scale, y: point.y * scale }));
  const thick = (size) => (size === undefined ? size : size * scale);
  return { ...stroke, points, minWidth: thick(stroke.minWidth), maxWidth: thick(stroke.maxWidth), dotSize: thick(stroke.dotSize) };
}

// Sends the picture; on success the form knows its id. Answers with the text of a problem, or nothing.
async function upload(form, canvas) {
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const bytes = await blob.arrayBuffer();
  const id = newId();
  const headers = { "Content-Type": "image/png", Accept: "application/json" };
  if (crypto.subtle) headers["X-Content-SHA256"] = hex(await crypto.subtle.digest("SHA-256", bytes));
  for (let turn = 0; turn < RETRYABLE; turn += 1) {
    try {
      const answer = await fetch(form.dataset.files + id, { method: "PUT", body: bytes, headers, redirect: "error" });
      const receipt = await answer.json();
      if (answer.ok && receipt.id === id) {
        form.elements.file.value = id;
        return "";
      }
      if (answer.status < 500) return receipt.error?.message || form.dataset.unreachable;
    } catch {
      // no network, or not our server: the strokes stay, the next turn may succeed
    }
  }
  return form.dataset.unreachable;
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
