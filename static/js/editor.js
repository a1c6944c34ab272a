// The plain editor: keeps what is typed (on the server, and here when the line is down), shows how it will look, and
// writes the Markdown for people who have never heard of it. Without script the form saves and previews by its buttons.
import { send } from "./app.js";

const PAUSE = 2500;
const UNSAVED = new Set(["csrf_token", "verb", "once"]);
const form = document.querySelector("form[data-autosave-url]");
const body = document.querySelector("textarea[data-body]");
const state = document.querySelector("[data-save-state]");
const preview = document.querySelector("[data-preview]");
let saveNow = () => {};

function plain(data) {
  const out = new URLSearchParams();
  for (const [name, value] of data) if (typeof value === "string" && !UNSAVED.has(name)) out.append(name, value);
  return out.toString();
}

/** What the server put into the form, whatever was typed while this script was still on its way, or the browser kept. */
function asServed(given) {
  const copy = given.cloneNode(true);
  copy.reset();
  return plain(new FormData(copy));
}

function say(kind, text) {
  if (!state) return;
  state.dataset.state = kind;
  state.textContent = text;
}

if (form) {
  const url = form.dataset.autosaveUrl;
  const key = `draft:${url}`;
  const words = state?.dataset ?? {};
  let saved = asServed(form);
  let timer = 0;
  let busy = false;
  let rejected = "";

  async function save() {
    clearTimeout(timer);
    const now = plain(new FormData(form));
    if (busy) { timer = setTimeout(save, PAUSE); return; }
    if (now === saved || now === rejected) return;
    busy = true;
    say("saving", words.saving);
    try {
      const answer = await send("PUT", url, now, { "Content-Type": "application/x-www-form-urlencoded" });
      if (answer.ok) {
        saved = now;
        rejected = "";
        localStorage.removeItem(key);
        delete form.dataset.dirty;
        const time = new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
        say("saved", (words.saved ?? "{time}").replace("{time}", time));
      } else {
        // Signed out, overtaken or refused: keep the text here and say so; do not send the same thing again and again.
        rejected = now;
        keep(now);
        say("error", answer.status === 409 ? words.conflict : words.failed);
      }
    } catch {
      keep(now);
      say("offline", words.offline);
      timer = setTimeout(save, 4 * PAUSE);
    } finally {
      busy = false;
    }
  }

  function keep(text) {
    try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), text })); } catch { /* storage is full or forbidden */ }
  }

  function offerKeptCopy() {
    const offer = document.querySelector("[data-kept-copy]");
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(key)); } catch { /* nothing readable */ }
    if (!kept || !offer) return;
    if (kept.text === saved) { localStorage.removeItem(key); return; }
    offer.hidden = false;
    offer.querySelector("[data-take]").addEventListener("click", () => {
      const values = new Map();
      for (const [name, value] of new URLSearchParams(kept.text)) values.set(name, [...(values.get(name) ?? []), value]);
      for (const [name, list] of values) {
        const fields = [...form.elements].filter((f) => f.name === name);
        fields.forEach((field, i) => {
          if (/^(checkbox|radio)$/.test(field.type)) field.checked = list.includes(field.value);
          else if (list[i] !== undefined) field.value = list[i];
        });
      }
      offer.hidden = true;
      form.dispatchEvent(new Event("input", { bubbles: true }));
    });
    offer.querySelector("[data-drop]").addEventListener("click", () => { localStorage.removeItem(key); offer.hidden = true; });
  }

  function changed() {
    say("dirty", words.dirty);
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }
  form.addEventListener("input", changed);
  form.addEventListener("submit", () => { clearTimeout(timer); });
  addEventListener("online", save);
  saveNow = save;
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save(); });
  offerKeptCopy();
  if (plain(new FormData(form)) !== saved) changed();
}

// Live preview. The server renders it, so that what is shown here is what readers will see, and safe in the same way.
if (body && preview) {
  const url = preview.dataset.previewUrl;
  let timer = 0;
  let turn = 0;
  async function show() {
    const mine = ++turn;
    try {
      const answer = await send("POST", url, new URLSearchParams({ text: body.value }), { Accept: "text/html" });
      if (answer.ok && mine === turn) preview.innerHTML = await answer.text();
    } catch { /* offline: the last picture stays */ }
  }
  body.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 400); });
  if (body.value.trim()) show();
}

// Toolbar: [data-wrap="**"] around the selection, [data-prefix="- "] before each line, [data-insert] as it stands.
function replace(start, end, text, from, to) {
  body.focus();
  body.setSelectionRange(start, end);
  // execCommand keeps the browser's undo; it is old, works everywhere, and has no successor.
  if (!document.execCommand("insertText", false, text)) body.setRangeText(text, start, end, "end");
  body.setSelectionRange(from, to);
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

function wrap(marks, sample) {
  const { selectionStart: a, selectionEnd: b, value } = body;
  const text = value.slice(a, b) || sample;
  replace(a, b, marks + text + marks, a + marks.length, a + marks.length + text.length);
}

function prefix(mark) {
  const { selectionStart: a, selectionEnd: b, value } = body;
  const start = value.lastIndexOf("\n", a - 1) + 1;
  const stop = value.indexOf("\n", b);
  const end = stop < 0 ? value.length : stop;
  const lines = value.slice(start, end).split("\n").map((l, i) => (mark === "1. " ? `${i + 1}. ` : mark) + l).join("\n");
  replace(start, end, lines, start + lines.length, start + lines.length);
}

for (const bar of document.querySelectorAll("[data-toolbar]")) {
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !body) return;
    if (button.dataset.wrap) wrap(button.dataset.wrap, button.dataset.sample ?? "");
    else if (button.dataset.prefix) prefix(button.dataset.prefix);
    else if (button.dataset.insert) {
      const text = button.dataset.insert.replaceAll("\\n", "\n");
      const { selectionStart: a, selectionEnd: b } = body;
      replace(a, b, text, a + text.length, a + text.length);
    }
  });
}
body?.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.key === "b") { event.preventDefault(); wrap("**", ""); }
  if (event.key === "s") { event.preventDefault(); saveNow(); }
});
