// Rows of a list drawn to another place. Each row holds a hidden field of one form; where the row stands, the field
// stands, and the same form that the buttons post keeps the order. Nothing is decided here.
const list = document.querySelector("[data-ordering]");
const form = list && document.getElementById(list.dataset.ordering);
const said = document.querySelector("[data-ordering-said]");
let drawn = null;
let before = "";

const order = () => [...list.querySelectorAll("input[name=step]")].map((field) => field.value).join();
const block = (row) => {
  const rows = [row];
  if (!row.classList.contains("module-head")) return rows;
  for (let next = row.nextElementSibling; next && !next.classList.contains("module-head"); next = next.nextElementSibling) rows.push(next);
  return rows;
};

function over(event) {
  if (!drawn) return;
  event.preventDefault();
  const row = event.target.closest("li[data-step]");
  if (!row || drawn.includes(row)) return;
  const box = row.getBoundingClientRect();
  const after = event.clientY > box.top + box.height / 2;
  if (after) row.after(...drawn);
  else row.before(...drawn);
}

function drop() {
  if (!drawn) return;
  drawn.forEach((row) => row.classList.remove("is-drawn"));
  drawn = null;
  if (order() !== before) form.requestSubmit();
}

if (form) {
  for (const row of list.querySelectorAll("li[data-step]")) {
    const grip = document.createElement("span");
    grip.className = "grip";
    grip.setAttribute("aria-hidden", "true");
    grip.textContent = "⠿";
    grip.draggable = true;
    grip.addEventListener("dragstart", (event) => {
      before = order();
      drawn = block(row);
      drawn.forEach((one) => one.classList.add("is-drawn"));
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.dataset.step);
      event.dataTransfer.setDragImage(row, 0, 0);
    });
    grip.addEventListener("dragend", drop);
    row.firstElementChild.nextElementSibling.prepend(grip);
  }
  list.addEventListener("dragover", over);
  list.addEventListener("drop", (event) => event.preventDefault());
  const pressed = /^#(up|down)-/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (pressed) {
    const way = pressed.disabled ? pressed.parentElement.querySelector("button[form=order]:not([disabled])") : pressed;
    way?.focus();
    said.textContent = said.dataset.said;
  }
}
