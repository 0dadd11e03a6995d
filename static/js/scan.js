// The scanner: camera → symbol → the checklist of that device. Texts come from the page.

const finder = document.getElementById("finder");
const video = finder.querySelector("video");
const status = finder.querySelector("[data-status]");
const torch = finder.querySelector("[data-torch]");
const again = finder.querySelector("[data-again]");
const foreign = document.querySelector("[data-foreign-note]");

const LABEL = /^\/a\/[0-9A-Za-z_-]{8,40}\/?$/;
const WIDEST = 1000; // pixels looked at per frame; more is slower and reads no better
const PAUSE = 80; // ms between looks

const canvas = document.createElement("canvas");
const brush = canvas.getContext("2d", { willReadFrequently: true });

let stream = null;
let read = null; // (canvas) → text or null
let turn = 0; // a newer start or stop makes older loops end
let lastForeign = "";

const say = (what) => {
  status.textContent = finder.dataset[what];
};

// The browser's own reader is trusted only when it reads a picture that we know: on some phones it exists and reads nothing.
async function ownReader() {
  if (!("BarcodeDetector" in window)) return null;
  try {
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    const look = async (picture) => (await detector.detect(picture))[0]?.rawValue ?? null;
    const picture = knownPicture();
    const late = new Promise((resolve) => setTimeout(resolve, 2000, null));
    return (await Promise.race([look(picture), late])) === finder.dataset.known ? look : null;
  } catch {
    return null;
  }
}

function knownPicture() {
  const size = Number(finder.dataset.knownSize);
  const picture = document.createElement("canvas");
  picture.width = picture.height = size * 6;
  const pen = picture.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.scale(6, 6);
  pen.fillStyle = "#000";
  pen.fill(new Path2D(finder.dataset.knownPath));
  return picture;
}

async function libraryReader() {
  const { default: decode } = await import(finder.dataset.decoder);
  return async (picture) => {
    try {
      return decode(brush.getImageData(0, 0, picture.width, picture.height));
    } catch {
      return null; // no symbol in this frame
    }
  };
}

async function start() {
  const mine = ++turn;
  stopCamera();
  again.hidden = true;
  if (!window.isSecureContext) return say("insecure");
  if (!navigator.mediaDevices?.getUserMedia) return say("missing");
  say("starting");
  try {
    read ??= (await ownReader()) ?? (await libraryReader());
  } catch {
    return give("undecodable");
  }
  const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } };
  let opened;
  try {
    opened = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    return give({ NotAllowedError: "denied", NotReadableError: "busy", AbortError: "busy" }[error.name] ?? "missing");
  }
  if (mine !== turn) return opened.getTracks().forEach((track) => track.stop());
  stream = opened;
  video.srcObject = stream;
  video.hidden = false;
  await video.play().catch(() => {});
  offerTorch(stream.getVideoTracks()[0]);
  say("ready");
  look(mine);
}

function give(what) {
  say(what);
  again.hidden = false;
}

async function look(mine) {
  while (mine === turn) {
    const shrink = Math.min(1, WIDEST / video.videoWidth);
    if (video.readyState >= 2 && video.videoWidth) {
      canvas.width = Math.round(video.videoWidth * shrink);
      canvas.height = Math.round(video.videoHeight * shrink);
      brush.drawImage(video, 0, 0, canvas.width, canvas.height);
      const text = await read(canvas).catch(() => null);
      if (text && mine === turn && opens(text)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

// Opens a label of ours and says true. Anything else is told, never opened.
function opens(text) {
  const path = labelPath(text);
  if (!path) {
    if (text !== lastForeign) tell(text);
    return false;
  }
  say("found");
  buzz(60);
  stop();
  location.assign(`${path}?to=checklist`);
  return true;
}

function labelPath(text) {
  let address;
  try {
    address = new URL(text);
  } catch {
    return null;
  }
  const ours = [location.origin, new URL(finder.dataset.origin).origin];
  return ours.includes(address.origin) && LABEL.test(address.pathname) ? address.pathname : null;
}

function tell(text) {
  lastForeign = text;
  foreign.querySelector("[data-foreign-what]").textContent = finder.dataset.foreign;
  foreign.querySelector("[data-foreign-text]").textContent = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  foreign.hidden = false;
  buzz([40, 60, 40]);
}

function buzz(pattern) {
  if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(pattern);
}

function offerTorch(track) {
  torch.hidden = !track.getCapabilities?.().torch;
  torch.setAttribute("aria-pressed", "false");
}

function stopCamera() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.srcObject = null;
  video.hidden = true;
  torch.hidden = true;
}

function stop() {
  turn += 1;
  stopCamera();
}

torch.addEventListener("click", async () => {
  const on = torch.getAttribute("aria-pressed") !== "true";
  try {
    await stream?.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
    torch.setAttribute("aria-pressed", String(on));
  } catch {
    torch.hidden = true;
  }
});
again.addEventListener("click", start);
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : start()));
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && start());

start();
