// Copies the wording in data-copy. `c` copies the first one marked aria-keyshortcuts="c".
import { announce, typing } from "./app.js";

const said = document.getElementById("announce")?.dataset.copied ?? "✓";

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http beside an old CRM has no clipboard API: the old way still works there.
    const box = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(box);
    box.select();
    document.execCommand("copy");
    box.remove();
    button.focus();
  }
  announce(said);
  const label = button.firstChild;
  const before = label.data;
  label.data = said;
  setTimeout(() => { label.data = before; }, 1600);
}

for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (button) copy(button);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "c" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing() || event.defaultPrevented) return;
  if (String(getSelection()) || document.querySelector("dialog[open]")) return;
  const button = document.querySelector('button[data-copy][aria-keyshortcuts="c"]');
  if (button) { event.preventDefault(); copy(button); }
});
