// Rows of [data-drawn] drawn to another place by a grip, or moved by the buttons beside it. Where a row stands is its
// number: typed numbers (a question that is answered) or the number in its field's name (a question that is written).
const settle = (list) => {
  [...list.children].forEach((row, at) => {
    const typed = row.querySelector("input[type=number]");
    if (typed) { typed.value = String(at + 1); return; }
    const field = row.querySelector("input[name^=option-]");
    field.name = `option-${at + 1}`;
    field.setAttribute("aria-label", list.dataset.label.replace("{n}", String(at + 1)));
    row.querySelector(".num").textContent = String(at + 1);
  });
  list.dispatchEvent(new Event("change", { bubbles: true }));
};

function ready(list) {
  let drawn = null;
  const place = (row) => Number(row.querySelector("input[type=number]")?.value || 0);
  const places = [...list.children].map(place);
  if (places[0] && new Set(places).size === places.length) list.append(...[...list.children].sort((a, b) => place(a) - place(b)));
  for (const row of list.children) {
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.setAttribute("aria-hidden", "true");
    grip.textContent = "⠿";
    grip.draggable = true;
    grip.addEventListener("click", (event) => event.preventDefault());
    grip.addEventListener("dragstart", (event) => {
      drawn = row;
      row.classList.add("is-drawn");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", "");
      event.dataTransfer.setDragImage(row, 0, 0);
    });
    grip.addEventListener("dragend", () => {
      row.classList.remove("is-drawn");
      drawn = null;
      settle(list);
    });
    row.prepend(grip);
    for (const [way, sign] of list.dataset.up ? [["up", "↑"], ["down", "↓"]] : []) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "button small quiet", textContent: sign });
      button.setAttribute("aria-label", list.dataset[way]);
      button.addEventListener("click", () => {
        const other = way === "up" ? row.previousElementSibling : row.nextElementSibling;
        if (!other) return;
        if (way === "up") other.before(row);
        else other.after(row);
        settle(list);
        button.focus();
      });
      row.append(button);
    }
  }
  list.addEventListener("dragover", (event) => {
    if (!drawn) return;
    event.preventDefault();
    const row = [...list.children].find((one) => one.contains(event.target));
    if (!row || row === drawn) return;
    const box = row.getBoundingClientRect();
    if (event.clientY > box.top + box.height / 2) row.after(drawn);
    else row.before(drawn);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
}

document.querySelectorAll("[data-drawn]").forEach(ready);
