// Report of a fault or hazard: the device names the record, so that sending it twice makes one.

const form = document.getElementById("report");
const bytes = crypto.getRandomValues(new Uint8Array(16));
bytes[6] = (bytes[6] & 0x0f) | 0x40;
bytes[8] = (bytes[8] & 0x3f) | 0x80;
const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const name = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
for (const attribute of ["action", "hx-post"]) {
  form.setAttribute(attribute, form.getAttribute(attribute).replace(/[^/]+$/, name));
}

const onlyFault = form.querySelector("[data-only-fault]");
form.addEventListener("change", () => {
  onlyFault.hidden = form.elements.kind.value === "hazard";
});
