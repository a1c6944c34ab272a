// Choosing several in the inbox: x ticks the row that j and k have picked; the button says how many.
import { typing } from "./app.js";

const form = document.querySelector("form[data-bulk]");
const boxes = [...form.querySelectorAll("input[name=task]")];
const press = form.querySelector("button.primary");
const plain = press.textContent;
const all = form.querySelector("[data-choose-all]");

function tell() {
  const chosen = boxes.filter((box) => box.checked).length;
  press.textContent = chosen ? form.dataset.words.replace("{n}", chosen) : plain;
  press.disabled = !chosen;
  all.querySelector("input").checked = chosen === boxes.length;
}

all.hidden = false;
all.addEventListener("change", (event) => {
  for (const box of boxes) box.checked = event.target.checked;
  tell();
});
form.addEventListener("change", tell);
document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing()) return;
  const box = document.querySelector("tr.is-picked input[name=task]");
  if (!box) return;
  event.preventDefault();
  box.checked = !box.checked;
  tell();
});
addEventListener("pageshow", tell);
tell();
