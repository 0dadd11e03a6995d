// "Take it with me": brings a round onto this device and says "ready" only after every piece has been found there.

import { me } from "./outbox.js";
import { fill, mark } from "./page.js";
import { put, read } from "./store.js";

const spoken = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
for (const row of document.querySelectorAll("[data-pack]")) if (window.caches && navigator.serviceWorker) setUp(row);

function setUp(row) {
  const name = `pack/${me}/${row.dataset.packKey}`;
  const words = JSON.parse(row.dataset.words);
  const [state, button] = ["[data-pack-state]", "[data-take]"].map((part) => row.querySelector(part));
  const say = (sign, text, values = {}) => [mark(row, sign), (state.textContent = fill(text, values))];
  const ago = (then) => {
    const hours = (then - Date.now()) / 3600000;
    return hours > -1.5 ? spoken.format(Math.round(hours * 60), "minute") : spoken.format(Math.round(hours), "hour");
  };

  async function show() {
    const pack = await read("meta", name);
    if (!pack) return say("todo", words.none);
    const missing = await lacking(pack);
    if (missing.length) return say("warn", words.missing, { n: missing.length, what: missing[0] });
    const until = new Date(pack.expires_at);
    if (until < Date.now()) return say("warn", words.expired);
    const m = pack.missing.map((one) => one.name).join(" · ");
    const good = { n: pack.pieces.length, size: `${Math.ceil(pack.size / 1024)} kB`, age: ago(pack.takenAt), m };
    good.until = until.toLocaleDateString(document.documentElement.lang);
    return say("ok", m ? `${words.ready} ${words.without}` : words.ready, good);
  }

  async function take() {
    button.disabled = true;
    try {
      const headers = { Accept: "application/json" };
      const answer = await fetch(`/today/pack?line=${row.dataset.pack}`, { headers, cache: "no-store" });
      const pack = await answer.json();
      if (!answer.ok || pack.user !== me) throw new Error(pack.error?.message ?? "");
      const kept = await bring(pack, (n, total) => say("sending", words.taking, { n, total }));
      await put("meta", { ...kept, takenAt: Date.now() }, name);
      navigator.storage?.persist?.(); // may never answer: not waited for
      await show();
    } catch ({ name, message }) {
      say("warn", words.failed, { why: name === "TypeError" ? words.line : message }); // not in the browser's words
    }
    button.disabled = false;
  }

  button.addEventListener("click", take);
  row.hidden = false;
  show();
}

// puts every piece into the caches that the service worker looks into
async function bring(pack, progress) {
  const headers = { "Content-Type": "text/html; charset=utf-8", "X-User": me, "X-Build": pack.version };
  const [round, pages] = await places(pack);
  const pieces = [...pack.pages.map(({ url }) => url), ...pack.shared, ...pack.files];
  const here = new Map([...pack.pages].reverse().map(({ url }) => [url.replace(/\?.*/, ""), url]));
  const size = pack.pages.reduce((sum, { html }) => sum + html.length, 0);
  for (const { url, html } of pack.pages) await round.put(url, new Response(html, { headers }));
  for (const { token, code, asset } of pack.labels) {
    const url = here.get(`/inspections/new/${asset}`);
    for (const label of url ? [token, code] : []) await round.put(`/a/${label}`, Response.redirect(url));
  }
  for (const url of pieces.slice(pack.pages.length)) {
    progress(pieces.indexOf(url) + 1, pieces.length);
    const answer = await fetch(url, { headers: { Accept: "text/html,image/*" } });
    const isPage = pack.shared.includes(url);
    const [owner, type] = ["X-User", "Content-Type"].map((name) => answer.headers.get(name));
    if (!answer.ok || answer.redirected || (isPage ? owner !== me : !type?.startsWith("image/"))) throw new Error(url);
    await (isPage ? pages : round).put(url, answer);
  }
  await (await caches.open("meta")).put("/user", new Response(pack.user)); // or the worker would not look there yet
  return { ...pack, pages: undefined, pieces, size };
}

const places = (pack) => Promise.all([`round/${me}/${pack.round.key}`, `pages/${me}`].map((name) => caches.open(name)));

// a tick is a statement that was checked now, not a memory
async function lacking(pack) {
  const [found, kept] = [[], await places(pack)];
  for (const url of pack.pieces) {
    const copies = await Promise.all(kept.map((place) => place.match(url, { ignoreVary: true })));
    if (!copies.some(Boolean)) found.push(url);
  }
  return (await caches.has(`shell-${pack.version}`)) ? found : [...found, "app"];
}
