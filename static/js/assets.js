// Keeps the address in step with a live search, so that "back" and a reload show the same list again.

const form = document.querySelector("form.search");

document.addEventListener("htmx:after:swap", () => {
  const asked = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...asked]) if (!value) asked.delete(name);
  history.replaceState(null, "", asked.size ? `?${asked}` : location.pathname);
});
