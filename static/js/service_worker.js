// Answers GET only. Prepared pages come from the device first, other pages from the network, then from the device.
// BUILD and SHELL stand in the line above, written by the server.

const LIMIT = 2500; // ms that the network has, where the device has a page
const MOST_PAGES = 200;
const ALWAYS = ["/today", "/scan", "/outbox", "/sheet", "/notes/new"]; // of everybody, kept from the first page on
const KEPT_FILES = /^\/files\/[0-9a-f-]{36}\/(thumbnail|display)$/;
const LOOSE = { ignoreSearch: true, ignoreVary: true };
const isRoundOf = (user) => (name) => name.startsWith(`round/${user}/`);

const bringShell = async () => (await caches.open(`shell-${BUILD}`)).addAll(SHELL);

self.addEventListener("install", (event) => event.waitUntil(bringShell()));
self.addEventListener("activate", (event) => event.waitUntil(tidy().then(() => self.clients.claim())));
self.addEventListener("message", ({ data }) => data === "take over" && self.skipWaiting());
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate") event.respondWith(page(event, url));
  else if (url.pathname.startsWith("/static/")) event.respondWith(part(event.request, url));
  else if (KEPT_FILES.test(url.pathname)) event.respondWith(picture(event.request, url));
});

// the person whose pages these are: as the server said last, not as a script believes
const who = async () => (await (await caches.open("meta")).match("/user"))?.text() ?? "";

async function page(event, url) {
  const user = await who();
  const prepared = user && (await find(isRoundOf(user), url));
  if (prepared) {
    event.waitUntil(refresh(event, url, user));
    return prepared;
  }
  const visited = user && (await find((name) => name === `pages/${user}`, url));
  const network = fetch(event.request).then((answer) => keep(answer, url, event));
  try {
    const tooLong = new Promise((_give, up) => visited && setTimeout(up, LIMIT));
    const answer = await Promise.race([network, tooLong]);
    return visited && answer.status >= 500 ? visited : answer;
  } catch {
    const turn = ({ headers }) => visited && ![null, user].includes(headers.get("X-User")) && showAnew(event, url);
    event.waitUntil(network.then(turn).catch(() => undefined));
    return visited || (await caches.match("/away"));
  }
}

// the very address, else the same page asked for with other words behind "?"
async function find(isWanted, url) {
  const names = (await caches.keys()).filter(isWanted);
  for (const options of [{ ignoreVary: true }, LOOSE]) {
    for (const name of names) {
      const found = await (await caches.open(name)).match(url, options);
      if (found) return found;
    }
  }
}

async function keep(answer, url, event) {
  const user = answer.headers.get("X-User");
  if (!user || !answer.ok) return answer; // a page of nobody, or of somebody else in the server's place
  event.waitUntil(user === "nobody" ? forget() : remember(user, url, answer.clone()));
  return answer;
}

async function remember(user, url, copy) {
  await (await caches.open("meta")).put("/user", new Response(user));
  const pages = await caches.open(`pages/${user}`);
  await pages.put(ALWAYS.includes(url.pathname) ? url.pathname : url, copy);
  for (const old of (await pages.keys()).slice(0, -MOST_PAGES)) await pages.delete(old);
  for (const wanted of ALWAYS) {
    const fresh = (await pages.match(wanted, LOOSE)) ? undefined : await fetch(wanted).catch(() => undefined);
    if (fresh?.ok && !fresh.redirected && fresh.headers.get("X-User") === user) await pages.put(wanted, fresh);
  }
}

async function forget() {
  const user = await who();
  const isTheirs = (name) => name === "meta" || name === `pages/${user}` || isRoundOf(user)(name);
  for (const name of (await caches.keys()).filter(isTheirs)) await caches.delete(name);
}

const showAnew = async (event, url) => (await self.clients.get(event.resultingClientId))?.navigate(url);

// behind a prepared page: only one of the same person and of the files that are kept takes its place
async function refresh(event, url, user) {
  const answer = await fetch(url, { headers: { Accept: "text/html" } }).catch(() => undefined);
  const owner = answer?.ok && answer.headers.get("X-User");
  if (owner && owner !== user) {
    await remember(owner, url, answer); // somebody else has signed in meanwhile: this page is not theirs
    return showAnew(event, url);
  }
  if (!owner || answer.redirected || answer.headers.get("X-Build") !== BUILD) return;
  for (const name of (await caches.keys()).filter(isRoundOf(user))) {
    const round = await caches.open(name);
    if (await round.match(url, { ignoreVary: true })) await round.put(url, answer.clone());
  }
}

async function part(request, url) {
  const kept = await caches.match(request, LOOSE);
  const present = url.pathname.replace(/\/v-[^/]+/, `/v-${BUILD}`);
  return kept ?? fetch(request).catch(async () => (await caches.match(present)) ?? Response.error());
}

const picture = async (request, url) => (await find(isRoundOf(await who()), url)) ?? fetch(request);

// files of older builds stay as long as a page that was made with them is kept
async function tidy() {
  const names = await caches.keys();
  const builds = new Set([BUILD]);
  for (const name of names.filter((one) => /^(round|pages)\//.test(one))) {
    for (const kept of await (await caches.open(name)).matchAll()) builds.add(kept.headers.get("X-Build"));
  }
  for (const name of names) if (name.startsWith("shell-") && !builds.has(name.slice(6))) await caches.delete(name);
}
