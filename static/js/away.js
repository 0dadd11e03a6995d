// The page for what is not on this device: of a label it says what a round that was taken along knows about it.

import { labels } from "./store.js";

const token = /^\/a\/([^/]+)/.exec(location.pathname)?.[1];
const block = document.querySelector("[data-away-label]");
if (token) {
  const label = (await labels()).find((one) => [one.token, one.code].includes(token));
  block.hidden = false;
  if (label) block.querySelector("[data-label-name]").textContent = `${label.name} · ${label.list}`;
  for (const link of document.querySelectorAll("[data-label-note]")) link.search = `?label=${token}`;
}
