// Judging with the keyboard and with the mouse on the text. Keys lead to a button, Enter presses it: no key decides alone.
import { announce, typing } from "./app.js";
import { remarkOnSelection, startNotes } from "./notes.js";

const page = document.querySelector("[data-review]");
const form = page.querySelector("form.decide");
const note = form?.querySelector("textarea[name=note]");
const reason = form?.querySelector("select[name=reason]");
const refuse = form?.querySelector("details.refuse");
const marks = [...page.querySelectorAll(page.querySelector("[data-change]") ? "[data-change]" : ".review-field")].filter((field) => !field.closest("details"));
let at = -1;
let wanted = ""; // the verdict that a key has begun

// ── the checklist ──────────────────────────────────────────────────────────────────────────────────────────────────

const radios = [...page.querySelectorAll("[data-checklist] input[type=radio]")];
const unanswered = () => radios.find((one) => !radios.some((other) => other.name === one.name && other.checked));

function score() {
  const out = page.querySelector("[data-score]");
  if (!out || !radios.some((one) => one.checked)) return;
  const points = radios.filter((one) => one.checked && one.value === "yes").reduce((sum, one) => sum + Number(one.dataset.weight), 0);
  out.textContent = out.dataset.words.replace("{n}", points);
  out.classList.toggle("warn", points < Number(out.dataset.mark));
}

function answer(value) {
  const here = document.activeElement;
  const one = radios.find((radio) => radio.name === here?.name && radio.value === value);
  if (!one) return false;
  one.checked = true;
  one.dispatchEvent(new Event("change", { bubbles: true }));
  const rest = radios.slice(radios.findLastIndex((radio) => radio.name === one.name) + 1);
  (rest[0] ?? form.querySelector('[value="approve"]')).focus();
  return true;
}

page.addEventListener("change", score);
score();
for (const box of page.querySelectorAll("[data-checklist] input")) {
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); }); // it would press a button
}

// ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function lead(verb) {
  if (!form) return;
  wanted = verb;
  if (verb === "approve") {
    (unanswered() ?? form.querySelector('[value="approve"]')).focus();
    return;
  }
  refuse.open = true;
  (reason.value ? form.querySelector(`[value="${verb}"]`) : reason).focus();
}

const acts = {
  a: () => lead("approve"),
  s: () => lead("send_back"),
  r: () => lead("reject"),
  m: () => { if (!remarkOnSelection()) note?.focus(); },
  c: () => page.querySelector('form[action$="/claim"] button')?.focus(),
  n: () => page.querySelector("[data-next]")?.click(),
  y: () => answer("yes"),
  x: () => answer("no"),
  j: () => step(1),
  k: () => step(-1),
};

function step(by) {
  if (!marks.length) return;
  at = Math.min(Math.max(at + by, 0), marks.length - 1);
  marks[at].scrollIntoView({ block: marks[at].hasAttribute("data-change") ? "center" : "start" });
  marks[at].focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && wanted && event.target.form === form) {
    event.preventDefault();
    form.requestSubmit(form.querySelector(`[value="${wanted}"]`));
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && typing()) { document.activeElement.blur(); return; }
  if (event.key === "Enter" && event.target === reason && reason.value && wanted) {
    event.preventDefault();
    form.requestSubmit(form.querySelector(`[value="${wanted}"]`));
    return;
  }
  if (typing() || !acts[event.key]) return;
  event.preventDefault();
  acts[event.key]();
});

// ── a refusal says why: the server says so too ─────────────────────────────────────────────────────────────────────

function lacking(field, empty) {
  field.setCustomValidity(empty ? field.dataset.needed ?? "…" : "");
  return empty ? field : null;
}

form?.addEventListener("submit", (event) => {
  const verb = event.submitter?.value;
  const refusing = verb === "send_back" || verb === "reject";
  const remarks = [...document.querySelectorAll('textarea[form="decide"][name$="-text"]')].some((one) => one.value.trim());
  const missing = [
    lacking(reason, refusing && !reason.value),
    lacking(note, refusing && !note.value.trim() && !remarks),
  ].find(Boolean);
  if (!missing) return;
  wanted = verb;
  refuse.open = true;
  event.preventDefault();
  missing.reportValidity();
});
for (const field of [note, reason]) field?.addEventListener("input", () => field.setCustomValidity(""));

// ── who else is on it: asked now and then, while somebody looks ────────────────────────────────────────────────────

const box = page.querySelector("[data-presence]");
const words = page.querySelector("[data-presence-text]");

async function look() {
  if (document.hidden || !form) return;
  const answered = await fetch(page.dataset.taskUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answered?.ok) return;
  const task = await answered.json();
  const moved = task.state !== "open" || String(task.version) !== page.dataset.version;
  const taken = task.claimed_by_name && task.claimed_by_name !== page.dataset.holder;
  if (!moved && !taken) return;
  const said = moved ? box.dataset.changed : box.dataset.taken.replace("{name}", task.claimed_by_name);
  page.dataset.holder = task.claimed_by_name ?? "";
  if (words.textContent === said) return;
  words.textContent = said;
  box.hidden = false;
  box.classList.add("is-warn");
  announce(said);
}
setInterval(look, 20_000);

startNotes(page);
