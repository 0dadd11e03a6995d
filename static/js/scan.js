// The scanner: camera → symbol → the label's address, which the network or this device answers.

const finder = document.getElementById("finder");
const video = finder.querySelector("video");
const [torch, again] = ["[data-torch]", "[data-again]"].map((part) => finder.querySelector(part));
const foreign = document.querySelector("[data-foreign-note]");
const LABEL = /^\/a\/[0-9A-Za-z_-]{8,40}\/?$/;
const WIDEST = 1000; // pixels looked at per frame; more is slower and reads no better
const PAUSE = 80; // ms between looks
const REFUSALS = { NotAllowedError: "denied", NotReadableError: "busy", AbortError: "busy" };
const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
let decode, stream, turn = 0; // a newer start or stop makes older loops end

const say = (what, isOver = true) => {
  finder.querySelector("[data-status]").textContent = finder.dataset[what];
  again.hidden = !isOver;
};
const buzz = (pattern) => navigator.userActivation?.hasBeenActive && navigator.vibrate?.(pattern);

async function start() {
  const mine = ++turn;
  if (!window.isSecureContext) return say("insecure", false);
  if (!navigator.mediaDevices?.getUserMedia) return say("missing", false);
  say("starting", false);
  decode ??= await import(finder.dataset.decoder).then((library) => library.default, () => undefined);
  if (!decode) return say("undecodable");
  const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } };
  const opened = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false }).catch(({ name }) => name);
  if (typeof opened === "string") return say(REFUSALS[opened] ?? "missing");
  if (mine !== turn) return opened.getTracks().forEach((track) => track.stop());
  stream = video.srcObject = opened;
  video.hidden = false;
  await video.play().catch(() => {});
  torch.hidden = !stream.getVideoTracks()[0].getCapabilities?.().torch;
  torch.setAttribute("aria-pressed", "false");
  say("ready", false);
  return look(mine);
}

async function look(mine) {
  for (; mine === turn; await new Promise((resolve) => setTimeout(resolve, PAUSE))) {
    if (video.readyState < 2 || !video.videoWidth) continue;
    const shrink = Math.min(1, WIDEST / video.videoWidth);
    const [width, height] = [Math.round(video.videoWidth * shrink), Math.round(video.videoHeight * shrink)];
    Object.assign(brush.canvas, { width, height });
    brush.drawImage(video, 0, 0, width, height);
    const text = read(brush.getImageData(0, 0, width, height));
    if (text && opens(text)) return;
  }
}

function read(frame) {
  try {
    return decode(frame);
  } catch {
    return ""; // no symbol in this frame
  }
}

// opens a label of ours and says true; anything else is told once, never opened
function opens(text) {
  const address = URL.canParse(text) ? new URL(text) : { pathname: "" };
  const isOurs = [location.origin, new URL(finder.dataset.origin).origin].includes(address.origin);
  if (isOurs && LABEL.test(address.pathname)) {
    say("found", false);
    buzz(60);
    stop();
    leave(address.pathname.split("/")[2]);
    return true;
  }
  const told = foreign.querySelector("[data-foreign-text]");
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  if (told.textContent !== short) buzz([40, 60, 40]);
  told.textContent = short;
  return (foreign.hidden = false);
}

// to the checklist under a label or its short code
function leave(label) {
  sessionStorage.setItem("scanned", label);
  location.assign(`/a/${label}?to=checklist`);
}

function stop() {
  turn += 1;
  stream?.getTracks().forEach((track) => track.stop());
  stream = video.srcObject = null;
  video.hidden = torch.hidden = true;
}

torch.addEventListener("click", async () => {
  const on = torch.getAttribute("aria-pressed") !== "true";
  const done = stream?.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
  await done?.then(() => torch.setAttribute("aria-pressed", String(on)), () => (torch.hidden = true));
});
again.addEventListener("click", start);
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && start());
// a typed code is an address like a label's, so that this device can answer it, too
document.addEventListener("submit", (event) => {
  const typed = event.target.elements.code?.value.normalize("NFKC").toUpperCase() ?? "";
  const plain = typed.replace(/[^0-9A-Z]/g, "").replaceAll("S", "5");
  if (plain.length !== 7) return; // the address of a label, or a mistake: the server says
  event.preventDefault();
  event.stopImmediatePropagation();
  leave(`${plain.slice(0, 3)}-${plain.slice(3)}`);
}, true);
start();
