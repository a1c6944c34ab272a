// Search from any page: «/» opens it, results come while somebody types, the wording is read without leaving the list.
import { announce, send } from "./app.js";

const PAUSE = 120;
const dialog = document.getElementById("search-overlay");
const input = dialog.querySelector("input");
const found = dialog.querySelector("[data-found]");
const count = dialog.querySelector("[data-count]");
let timer = 0;
let turn = 0;
let asked = null;

/** Show the overlay, with what was typed so far. */
export function open(text = "") {
  if (!dialog.open) {
    dialog.showModal();
    if (text) input.value = text;
    input.focus();
    input.select();
  }
  ask();
}

/** Fetch the results; an older answer never replaces a newer one. */
async function ask() {
  const text = input.value;
  if (text === asked) return;
  asked = text;
  const mine = ++turn;
  try {
    const answer = await fetch(`${dialog.dataset.typingUrl}?q=${encodeURIComponent(text)}`, { headers: { Accept: "text/html" } });
    if (mine !== turn) return;
    if (answer.redirected || answer.status === 401) { location.reload(); return; }
    replace(await answer.text());
    count.textContent = found.firstElementChild?.dataset.total ?? "";
  } catch {
    asked = null; // the line is down: the next key tries again
  }
}

/** Show other results; somebody who is already walking through them, or reading one, stays where they are. */
function replace(html) {
  const at = document.activeElement.closest?.("[data-result]")?.querySelector("a.title").href;
  const read = new Set([...found.querySelectorAll("details[open]")].map((d) => d.closest("[data-result]").querySelector("a.title").href));
  found.innerHTML = html;
  for (const button of found.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const link of links()) {
    const inside = link.parentElement.querySelector("details");
    if (inside && read.has(link.href)) inside.open = true;
    if (link.href === at) link.focus();
  }
  if (at && !found.contains(document.activeElement)) input.focus();
}

function links() {
  return [...found.querySelectorAll("[data-result] > a.title")];
}

function go(step) {
  const all = links();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement) + step;
  if (at < 0) { input.focus(); return; }
  all[Math.min(at, all.length - 1)].focus();
}

function mark() {
  for (const row of found.querySelectorAll("[data-result]")) row.classList.toggle("is-picked", row.contains(document.activeElement));
}

async function used(row) {
  const answer = await send("POST", row.dataset.feedbackUrl, new URLSearchParams({ used_in_call: "1" }), { Accept: "application/json" });
  if (!answer.ok) return;
  announce(dialog.dataset.thanks);
  row.classList.add("is-used");
}

input.addEventListener("input", (event) => {
  if (event.isComposing) return;
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
});
input.addEventListener("compositionend", () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
dialog.addEventListener("focusin", mark);
dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape") {
    event.preventDefault(); // a search field would only empty itself
    document.activeElement.blur(); // else the next key would still belong to a field that is gone
    dialog.close();
    return;
  }
  if (event.key === "ArrowDown") { event.preventDefault(); go(1); return; }
  if (event.key === "ArrowUp") { event.preventDefault(); go(-1); return; }
  const row = document.activeElement.closest("[data-result]");
  if (!row) return;
  const inside = row.querySelector("details");
  if (event.key === "ArrowRight" && inside) { event.preventDefault(); inside.open = true; }
  if (event.key === "ArrowLeft" && inside) { event.preventDefault(); inside.open = false; }
  if (event.key === "c") row.querySelector("[data-copy]")?.click();
  if (event.key === "u") used(row);
  if (event.key === "/") { event.preventDefault(); input.focus(); }
});
const box = document.querySelector("form[data-search] input");
box?.addEventListener("pointerdown", (event) => { event.preventDefault(); open(box.value); });
