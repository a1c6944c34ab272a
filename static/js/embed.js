// The rep's screen in a frame of another program. Its pass comes behind the #, in a message from a listed program, or from
// the window that «Connect me» opens; it is kept for this tab only, and sent in a header. No cookie takes part.
import { Finder } from "./finder.js";

const KEY = "spiral-pass";
const main = document.querySelector("[data-embed]");
const root = main.querySelector("[data-finder]");
const door = main.querySelector("[data-door]");
const announcer = document.getElementById("announce");
const origins = main.dataset.origins.split(" ").filter(Boolean);
const framed = window.parent !== window;
let pass = null;
let call = "";
let popup = null;

// ── the program around us ──────────────────────────────────────────────────────────────────────────────────────────────

/** The origin of the page that shows this frame, as far as the browser tells. */
function around() {
  const told = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  return origins.includes(told) ? told : null;
}

/** Tell it something; nobody who is not listed hears it. */
function tell(message) {
  if (!framed) return;
  const to = around();
  for (const one of to ? [to] : origins) window.parent.postMessage(message, one);
}

addEventListener("message", (event) => {
  const said = event.data;
  if (typeof said !== "object" || said === null) return;
  const ours = event.origin === location.origin && popup !== null && event.source === popup;
  const theirs = framed && event.source === window.parent && origins.includes(event.origin);
  if (said.type === "spiral:token" && (ours || theirs) && typeof said.token === "string") connect(said.token);
  if (said.type === "spiral:search" && theirs) fill(said);
});

// ── the pass ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function keep(token) {
  pass = token;
  try { if (token) sessionStorage.setItem(KEY, token); else sessionStorage.removeItem(KEY); } catch { /* it is kept in memory alone */ }
}

function known() {
  try { return sessionStorage.getItem(KEY); } catch { return null; }
}

function connect(token) {
  keep(token);
  door.hidden = true;
  root.hidden = false;
  tell({ type: "spiral:connected" });
  finder.begin();
}

function shut(words) {
  keep(null);
  door.hidden = false;
  if (words) door.querySelector("[data-door-words]").textContent = words;
  tell({ type: "spiral:token-needed" });
}

door.querySelector("[data-connect-me]").addEventListener("click", () => {
  popup = window.open(main.dataset.connect, "spiral-connect", "popup,width=480,height=420");
});

// ── the screen ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const about = (accept) => ({
  credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store",
  headers: { Accept: accept, ...(pass ? { Authorization: `Bearer ${pass}` } : {}) },
});

const line = {
  get: (url, signal) => fetch(url, { ...about("text/html"), signal }),
  post: (url, fields) => fetch(url, { ...about("application/json"), method: "POST", body: fields }),
};

const finder = new Finder(root, line, {
  announce(text) { announcer.textContent = ""; requestAnimationFrame(() => { announcer.textContent = text; }); },
  leave: () => tell({ type: "spiral:leave" }),
  call: () => call,
  copied: (text, slug) => tell({ type: "spiral:copy", text, article: slug, call }),
  used: (slug, of) => tell({ type: "spiral:used", article: slug, call: of }),
  opened(url, event) { if (!event) window.open(url, "_blank", "noopener"); },
  out: () => shut(main.dataset.shut),
});

/** What the program asks for: other words, another service, another call. What is not said stays. */
function fill({ q, service, call: number }) {
  call = typeof number === "string" && number ? number : `frame-${[...crypto.getRandomValues(new Uint32Array(3))].map((n) => n.toString(36)).join("")}`;
  const words = typeof q === "string" ? q.slice(0, 200) : finder.input.value;
  const only = typeof service === "string" ? service : finder.chosenService;
  finder.told.clear();
  if (pass) finder.begin(words, only);
  else { finder.input.value = words; finder.chosenService = only; }
}

/** What stands behind the #, the pass first: it is taken out of the address at once. */
function fromHash() {
  const behind = new URLSearchParams(location.hash.slice(1));
  const token = behind.get("token");
  if (token && framed) { // a link to this page alone must not decide under whose name somebody marks
    behind.delete("token");
    history.replaceState(null, "", location.pathname + location.search + (String(behind) ? `#${behind}` : ""));
    keep(token);
    door.hidden = true;
  }
  return Object.fromEntries(behind);
}

addEventListener("hashchange", () => {
  const had = pass;
  const asked = fromHash();
  if (Object.keys(asked).length) fill(asked);
  else if (pass !== had) connect(pass);
});

keep(known());
const first = { ...Object.fromEntries(new URLSearchParams(location.search)), ...fromHash() };
if (!pass) { shut(); root.hidden = true; }
fill(first);
tell({ type: "spiral:ready" });
