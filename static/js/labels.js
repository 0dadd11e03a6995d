// The list for picking by hand: "all of them", and how many are chosen. Without it every box works by itself.

const fold = document.querySelector("#labels details");
const all = fold?.querySelector("[data-all]");

if (all) {
  const boxes = [...fold.querySelectorAll("input[name=asset]")];
  const count = fold.querySelector("[data-count]");
  const master = all.querySelector("input");
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    count.textContent = `${chosen} / ${boxes.length}`;
    master.checked = chosen === boxes.length;
    master.indeterminate = chosen > 0 && chosen < boxes.length;
  };
  master.addEventListener("change", () => {
    for (const box of boxes) box.checked = master.checked;
    show();
  });
  fold.addEventListener("change", show);
  all.hidden = false;
  show();
}
