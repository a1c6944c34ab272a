// What is typed is kept: on the server every few seconds, in this browser at once, and neither is thrown away before the
// other has it. Tells others that the page is open, and this person who else is here. Without script the form saves by
// its buttons, and the server merges. Whoever changes a field by script dispatches `input` on it; when a kept text is put
// back, the form hears `draft:restored`.
import { announce } from "./app.js";

const PAUSE = 2500; // of typing, before it is saved
const BEAT = 20_000; // how often the page says that it is open
const KEEP_DAYS = 30;
const ABOUT = new Set(["csrf_token", "verb", "once", "head", "page", "took", "who", "base", "key", "kind", "article"]);
const NEVER_SENT = new Set(["csrf_token", "verb", "once"]);
const form = document.querySelector("form[data-autosave-url]");

const meta = () => document.querySelector('meta[name="csrf-token"]');
const field = (name) => form.querySelector(`input[type=hidden][name="${name}"]`);
const value = (name) => field(name)?.value ?? "";
const part = (name) => document.querySelector(`[data-${name}]`);
const state = part("save-state");
const words = state?.dataset ?? {};
const page = value("page");
const who = value("who");
const place = new URL(form.action).pathname.replace(/\/edit$/, ""); // /submissions/7, /new/faq, /articles/x
let autosaveUrl = form.dataset.autosaveUrl;
let submission = /^\/submissions\/(\d+)/.exec(autosaveUrl)?.[1] ?? "";
let saved = text(new FormData(asServed()));
let onServer = saved; // the last text that the server is known to have
let timer = 0;
let keeping = 0;
let running = null;
let refused = "";
let signedOut = false;
let full = false;
let tookCopy = false;
let beaten = 0;

/** Everything that is text of its author, as one string; blank rows are drawn more or fewer, and say nothing. */
function text(pairs = new FormData(form)) {
  return [...pairs].filter(([name, v]) => typeof v === "string" && v !== "" && !ABOUT.has(name) && !/-\d+-id$/.test(name))
    .map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
}

/** What the server put into the form, whatever was typed while this script was on its way, or the browser brought back. */
function asServed() {
  const copy = form.cloneNode(true);
  copy.reset();
  return copy;
}

function toSend() {
  const out = new URLSearchParams();
  for (const [name, v] of new FormData(form)) if (typeof v === "string" && !NEVER_SENT.has(name)) out.append(name, v);
  return out;
}

function say(kind, sentence) {
  if (!state) return;
  state.dataset.state = kind;
  if (state.textContent !== sentence) state.textContent = sentence;
}

function put(method, url, body, leaving = false) {
  return fetch(url, {
    method, body, credentials: "same-origin",
    keepalive: leaving && body.toString().length < 60_000, // what is larger stays in this browser, and is offered next time
    headers: { "X-CSRFToken": meta()?.content ?? "", Accept: "application/json" },
  });
}

// ── on the server ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Resolves to ok, same, out (signed out), offline or refused. */
async function save({ force = false, leaving = false } = {}) {
  clearTimeout(timer);
  while (running) await running;
  const now = text();
  if (!force && now === saved) {
    if (state?.dataset.state === "dirty") atRest(); // what was typed was taken back again
    return "same";
  }
  if (!force && (now === refused || signedOut)) return "refused";
  running = sendText(now, leaving);
  try { return await running; } finally { running = null; }
}

async function sendText(now, leaving) {
  if (now !== saved) { say("saving", words.saving); keep(); }
  let answer;
  try {
    answer = await put("PUT", autosaveUrl, toSend(), leaving);
  } catch {
    say("offline", full ? words.full : words.offline);
    timer = setTimeout(save, 4 * PAUSE);
    return "offline";
  }
  const said = await answer.json().catch(() => ({}));
  if (answer.ok) { reached(now, said); return "ok"; }
  if (answer.status === 401 || said.code === "csrf") { endOfSession(); return "out"; }
  refused = now;
  say("error", full ? words.full : said.detail || words.failed);
  return "refused";
}

function reached(now, said) {
  const changed = now !== saved;
  saved = onServer = now;
  refused = "";
  if (signedOut) { signedOut = false; part("session-ended").hidden = true; }
  if (tookCopy) { field("took").value = ""; tookCopy = false; }
  if (said.caught_up && field("head")) field("head").value = said.head; // what this page says was saved from here before
  if (!submission && said.submission) {
    submission = said.submission; // a reload, and coming back, lead to the draft and not to an empty page
    if (said.edit_url) history.replaceState(history.state, "", said.edit_url);
  }
  beaten = Date.now();
  present(said);
  if (text() !== now) return; // typing goes on
  atRest(changed || state?.dataset.state);
  if (said.moved && !said.caught_up) say("moved", said.moved);
}

/** The server has everything. */
function atRest(told = true) {
  forget();
  delete form.dataset.dirty;
  const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  if (told) say("saved", (words.saved ?? "{time}").replace("{time}", time));
}

function changed() {
  form.dataset.dirty = "yes";
  say("dirty", words.dirty);
  clearTimeout(timer);
  clearTimeout(keeping);
  keeping = setTimeout(keep, 250);
  timer = setTimeout(save, PAUSE);
}

// ── in this browser ─────────────────────────────────────────────────────────────────────────────────────────────────

const copies = () => {
  const found = [];
  try {
    for (let i = localStorage.length; i--;) {
      const name = localStorage.key(i);
      if (!name.startsWith("draft:")) continue;
      try { found.push({ name, ...JSON.parse(localStorage.getItem(name)) }); } catch { localStorage.removeItem(name); }
    }
  } catch { /* storage is forbidden */ }
  return found.sort((a, b) => b.at - a.at);
};

/** The text stays in this browser until the server has it, or somebody throws it away. */
function keep() {
  clearTimeout(keeping);
  if (text() === saved) return;
  const copy = { at: Date.now(), who, place: submission ? `/submissions/${submission}` : place, onServer, text: toSend().toString() };
  try {
    localStorage.setItem(`draft:${page}`, JSON.stringify(copy));
    full = false;
  } catch { full = true; }
}

function forget(name = `draft:${page}`) {
  clearTimeout(keeping);
  try { localStorage.removeItem(name); } catch { /* storage is forbidden */ }
}

/** Put a kept text back into the form; rows that are not drawn here are carried along unseen, so that none is lost. */
function fill(string) {
  const values = new Map();
  for (const [name, v] of new URLSearchParams(string)) {
    if (!["page", "took", "who"].includes(name)) values.set(name, [...(values.get(name) ?? []), v]);
  }
  for (const box of form.querySelectorAll("input[type=checkbox], input[type=radio]")) {
    if (!ABOUT.has(box.name)) box.checked = (values.get(box.name) ?? []).includes(box.value);
  }
  for (const [name, list] of values) {
    const fields = [...form.elements].filter((f) => f.name === name && !/^(checkbox|radio)$/.test(f.type));
    if (!form.elements[name]) list.forEach((v) => form.append(hidden(name, v)));
    fields.forEach((one, i) => { if (list[i] !== undefined) one.value = list[i]; });
  }
  const key = value("key"); // the draft that the text belongs to
  if (key && autosaveUrl.startsWith("/drafts/")) autosaveUrl = `/drafts/${encodeURIComponent(key)}`;
  for (const one of form.elements) if (one.name && !ABOUT.has(one.name)) one.dispatchEvent(new Event("input", { bubbles: true }));
  form.dispatchEvent(new CustomEvent("draft:restored", { bubbles: true }));
}

const hidden = (name, v) => Object.assign(document.createElement("input"), { type: "hidden", name, value: v });

function takeCopies() {
  for (const copy of copies()) {
    if (copy.who !== who) continue; // somebody else's at this desk: theirs to see
    if (Date.now() - copy.at > KEEP_DAYS * 86_400_000) { forget(copy.name); continue; }
    if (copy.place !== (submission ? `/submissions/${submission}` : place) || copy.name === `draft:${page}`) continue;
    if (text(new URLSearchParams(copy.text)) === text()) { forget(copy.name); continue; }
    if (copy.onServer === text()) back(copy); else offer(copy);
    return;
  }
}

/** The server shows what the kept text was begun from: it is simply the newer one. */
function back(copy) {
  const before = toSend().toString();
  const banner = part("kept-taken");
  take(copy);
  if (!banner) return;
  banner.hidden = false;
  announce(banner.querySelector("p").textContent);
  banner.querySelector("[data-undo]").addEventListener("click", () => { banner.hidden = true; fill(before); }, { once: true });
}

function take(copy) {
  fill(copy.text);
  field("took").value = `${copy.name.slice("draft:".length)}@9999-12-31T00:00:00+00:00`; // that page's buffer goes on here
  tookCopy = true;
  changed();
  keep();
  forget(copy.name);
}

function offer(copy) {
  const banner = part("kept-copy");
  if (!banner) return;
  banner.hidden = false;
  banner.querySelector("[data-take]").addEventListener("click", () => { banner.hidden = true; take(copy); }, { once: true });
  banner.querySelector("[data-drop]").addEventListener("click", () => { banner.hidden = true; forget(copy.name); }, { once: true });
}

// ── the session ─────────────────────────────────────────────────────────────────────────────────────────────────────

function endOfSession() {
  signedOut = true;
  form.dataset.dirty = "yes";
  if (text() === saved) saved = ""; // what is on the page is to be sent again, whatever the server had of it
  keep();
  say("error", full ? words.full : words.signedOut);
  const banner = part("session-ended");
  if (!banner) return;
  banner.hidden = false;
  const link = banner.querySelector("a");
  link.href = `/login?next=${encodeURIComponent(location.pathname)}`;
  link.addEventListener("click", () => { delete form.dataset.dirty; }, { once: true }); // it is kept: leave without asking
}

/** Signed in again in another window? Then this page goes on with a fresh token. */
async function back_in() {
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", headers: { Accept: "text/html" } });
    if (!answer.ok || new URL(answer.url).pathname === "/login") return;
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = found.querySelector('meta[name="csrf-token"]')?.content;
    if (!token) return;
    meta().content = token;
    for (const input of document.querySelectorAll("input[name=csrf_token]")) input.value = token;
    await save({ force: true });
  } catch { /* offline: the next look tries again */ }
}

// ── who is here ─────────────────────────────────────────────────────────────────────────────────────────────────────

function present({ others, elsewhere }) {
  const banner = part("presence");
  if (!banner || others === undefined) return;
  const line = part("presence-words");
  banner.hidden = !others;
  if (line.textContent !== (others ?? "")) line.textContent = others ?? "";
  part("elsewhere").hidden = !elsewhere;
}

async function beat() {
  if (document.visibilityState === "hidden" || signedOut || Date.now() - beaten < BEAT / 2) return;
  beaten = Date.now();
  try {
    const about = submission ? { submission } : { article: value("article") };
    const answer = await put("PUT", `/presence/${page}`, new URLSearchParams(about));
    if (answer.ok) present(await answer.json());
    else if (answer.status === 401) endOfSession();
  } catch { /* offline: it fades, and comes back with the line */ }
}

function leave() {
  keep();
  if (text() !== saved && !signedOut) save({ leaving: true });
  navigator.sendBeacon?.(`/presence/${page}/left`, new URLSearchParams({ csrf_token: meta()?.content ?? "" }));
}

// ── sending the form: only when it will arrive, once however often it is pressed ────────────────────────────────────

let checking = false;
let cleared = false;
form.addEventListener("submit", async (event) => {
  if (cleared) { cleared = false; clearTimeout(timer); return; }
  event.preventDefault();
  if (checking) return;
  checking = true;
  const outcome = await save({ force: true });
  checking = false;
  if (outcome === "out") { part("session-ended")?.querySelector("a").focus(); return; }
  if (outcome === "offline") { form.dataset.dirty = "yes"; announce(words.offline ?? ""); return; }
  cleared = true;
  form.requestSubmit(event.submitter?.isConnected ? event.submitter : null);
  cleared = false;
});

form.addEventListener("input", changed);
form.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); save({ force: true }); }
});
addEventListener("online", () => (signedOut ? back_in() : save()));
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) { beaten = 0; save({ force: true }); } });
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") { keep(); if (!signedOut) save({ leaving: true }); }
  else if (signedOut) back_in();
  else { beaten = 0; beat(); save(); }
});
addEventListener("focus", () => { if (signedOut) back_in(); });
takeCopies();
if (text() !== saved) changed();
beat();
setInterval(beat, BEAT);
