// What every page needs: honest messages when the server cannot be reached.

const problem = document.getElementById("problem");

document.addEventListener("htmx:error", () => {
  const note = document.createElement("div");
  note.className = "note";
  note.dataset.s = "warn";
  note.textContent = problem.dataset.unreachable;
  problem.replaceChildren(note);
});

const hint = document.querySelector("[data-secure-hint]");
if (hint) hint.hidden = window.isSecureContext;
