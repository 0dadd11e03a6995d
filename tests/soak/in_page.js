// What the soak does within a page of the app: it calls the app's own modules, as the forms do.
async () => {
  const { build, user } = document.documentElement.dataset;
  const module = (name) => import(`/static/v-${build}/js/${name}.js`);
  const [outbox, store] = await Promise.all([module("outbox"), module("store")]);
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer;
  const known = async (id) => (await store.read("receipts", id)) ?? (await store.first("outbox", "id", id, () => true));
  window.soak = {
    // true when the app has acknowledged it: from now on it may not get lost
    async handIn(paper, photos) {
      if (await known(paper.id)) return true; // the browser was killed right after
      const draft = `${user}/soak/${paper.id}`;
      for (const [nth, { id, item, data }] of photos.entries()) {
        const photo = { id, draft, user, item, type: "image/jpeg", at: Date.now() + nth, isSent: false };
        await store.writePhoto(photo, bytes(data));
      }
      await store.put("drafts", { key: draft, user, kind: paper.kind, title: paper.title, page: paper.page, fields: paper.fields, seconds: 1 });
      await outbox.submit(paper, draft);
      return true;
    },
    // of those that were acknowledged before a kill: which are nowhere now
    async lost(ids) {
      const found = await Promise.all(ids.map(known));
      return ids.filter((_id, nth) => !found[nth]);
    },
    // sends what waits, as a person does who looks at the outbox; what it says about that
    async state() {
      outbox.drain();
      const waiting = await store.all("outbox", "user", user);
      const stuck = waiting.filter(({ state }) => state === "attention").length;
      const why = waiting.slice(0, 3).map(({ id, state, code, reason, tries }) => ({ id, state, code, reason, tries }));
      return { waiting: waiting.length, stuck, why, pause: outbox.status.pause };
    },
    // photos whose bytes still fill the device
    left: async () => (await store.all("bytes")).length,
  };
}
