// Search from any page: «/» or a click into the search box opens it. What it does is finder.js.
import { announce, send } from "./app.js";
import { Finder } from "./finder.js";

const dialog = document.getElementById("search-overlay");
const root = dialog.querySelector("[data-finder]");
const input = root.querySelector("[role=combobox]");
let call = "";

const line = {
  get: (url, signal) => fetch(url, { headers: { Accept: "text/html" }, signal }),
  post: (url, fields) => send("POST", url, fields),
};

const finder = new Finder(root, line, {
  announce,
  leave: close,
  call: () => call,
  copied: () => {},
  used: () => {},
  opened(url, event) { if (!event) location.assign(url); },
  out(place) {
    const link = document.createElement("a");
    link.href = `/login?next=${encodeURIComponent(`/search?q=${encodeURIComponent(input.value)}`)}`;
    link.textContent = dialog.dataset.signIn;
    place.append(" ", link);
  },
});

/** Show the search, with what was typed so far. Whatever is marked until it closes belongs to one call. */
export function open(text = "") {
  call = `page-${[...crypto.getRandomValues(new Uint32Array(3))].map((n) => n.toString(36)).join("")}`;
  if (!dialog.open) dialog.showModal();
  if (document.activeElement !== input) { input.focus(); input.select(); } // whoever types already is not disturbed
  finder.begin(text || input.value);
}

function close() {
  document.activeElement.blur(); // else the next key would still belong to a field that is gone
  dialog.close();
}

dialog.addEventListener("cancel", (event) => event.preventDefault()); // Escape goes back one step first, and then closes
dialog.addEventListener("click", (event) => { if (event.target === dialog) close(); });
dialog.querySelector("[data-close]").addEventListener("click", close);
const box = document.querySelector("form[data-search] input");
box?.addEventListener("pointerdown", (event) => { event.preventDefault(); open(box.value); });
