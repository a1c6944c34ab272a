// From change to change with j and k, or with the buttons. On a reviewer's page the keys belong to its own script.
import { announce, typing } from "./app.js";

const changes = [...document.querySelectorAll("[data-change]")].filter((one) => one.getClientRects().length);
let at = -1;

export function step(by) {
  if (!changes.length) return;
  const here = changes.indexOf(document.activeElement?.closest?.("[data-change]"));
  at = Math.min(Math.max((here >= 0 ? here : at) + by, 0), changes.length - 1);
  changes[at].scrollIntoView({ block: "center" });
  changes[at].focus({ preventScroll: true });
  announce(`${at + 1} / ${changes.length}`);
}

for (const box of document.querySelectorAll("[data-steps]")) {
  box.hidden = changes.length < 2;
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) step(Number(button.dataset.step));
  });
}

if (!document.querySelector("[data-review]")) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing()) return;
    if (document.querySelector("dialog[open]")) return;
    const by = { j: 1, k: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
}
