// What the benchmark puts into each page before its own scripts: it notes when things are on the disk of the device, and
// gives the first answer as soon as there is one to give. Times are milliseconds since the navigation began.
(() => {
  const bench = (window.__bench = { commits: [], events: [], tapped: "" });
  const epoch = () => performance.timeOrigin + performance.now();

  // every write that IndexedDB has completed; kept beyond the page for what leads to another one
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, ...more) {
    const made = begin.call(this, stores, mode, ...more);
    const names = [stores].flat();
    if (mode === "readwrite") {
      made.addEventListener("complete", () => {
        bench.commits.push({ names, at: performance.now() });
        if (names.includes("outbox")) sessionStorage.setItem("bench-outbox", epoch());
        if (names.includes("drafts") && bench.tappedAt && !bench.keptAt) look(performance.now());
      });
    }
    return made;
  };

  // whether the answer that was tapped is in the draft, read with a connection of our own
  function look(at) {
    const opening = indexedDB.open("xunjian");
    opening.onsuccess = () => {
      const asked = opening.result.transaction("drafts").objectStore("drafts").getAll();
      asked.onsuccess = () => {
        const isThere = asked.result.some(({ fields }) => fields.some(([name]) => name === bench.tapped));
        if (isThere) bench.keptAt ??= at;
        opening.result.close();
      };
    };
  }

  bench.tapFirst = () => {
    const answer = document.querySelector("form[data-outbox] [type=radio][name^='a.'][value=pass]");
    if (!answer) return setTimeout(bench.tapFirst, 4);
    bench.tapped = answer.name;
    bench.tappedAt = performance.now();
    answer.click();
  };
  if (location.pathname.startsWith("/inspections/new/")) bench.tapFirst();

  addEventListener("change", ({ target }) => target.type === "file" && (bench.chosenAt = performance.now()), true);
  addEventListener("submit", () => sessionStorage.setItem("bench-submit", epoch()), true);
  new PerformanceObserver((list) => {
    for (const { name, duration, interactionId } of list.getEntries()) {
      if (interactionId) bench.events.push({ name, duration, id: interactionId });
    }
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
  bench.paint = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
})();
