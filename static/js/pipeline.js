// The pipeline editor without reloads. Every button of the form still means 'post the form, get it back'; here the
// answer's parts take the places of the old ones, and the focus goes to what was added. Nothing is decided here.
import { announce, send } from "./app.js";

const form = document.querySelector("form[data-pipeline]");
const PAUSE = 700;
let turn = Promise.resolve();
let timer = 0;
let latest = 0;
let waiting = 0; // acts whose answer is on its way

/** What is typed in each control, by its name; ticks of one name by name and value. */
function typed() {
  const found = new Map();
  for (const field of form.elements) {
    if (!field.name || field.type === "hidden" || /^(button|submit|file)$/.test(field.type)) continue;
    const tick = field.type === "checkbox";
    found.set(tick ? `${field.name}=${field.value}` : field.name, tick ? field.checked : field.value);
  }
  return found;
}

/** Where the nth of some rows is after one was removed or moved; null: it is gone. */
function shifted(what, at, n) {
  if (what === "remove") return n === at ? null : n - (n > at);
  if (what === "up") return n === at ? at - 1 : n === at - 1 ? at : n;
  if (what === "down") return n === at ? at + 1 : n === at + 1 ? at : n;
  return n;
}

const ROWS = { seat: "seats", question: "checklist", rung: "escalate" };

/** The name that a field (or folded part) has after an act, or null. */
function renamed(act, name) {
  const [verb, ...places] = act.split(":");
  const [what, row] = verb.split("-");
  const at = places.map(Number);
  const parts = name.split("-");
  const inside = parts[0] === "stages" || parts[0] === "who" || parts[0] === "more";
  if (!inside || what === "add" || !row) return name;
  if (row === "stage") parts[1] = shifted(what, at[0], Number(parts[1]));
  else if (Number(parts[1]) === at[0] && parts[2] === ROWS[row]) parts[3] = shifted(what, at[1], Number(parts[3]));
  else if (row === "seat" && parts[0] === "who" && Number(parts[1]) === at[0]) parts[2] = shifted(what, at[1], Number(parts[2]));
  return parts.includes(null) ? null : parts.join("-");
}

/** What was typed while the answer was on its way is typed again. */
function carryOver(before, now, act) {
  for (const [key, value] of now) {
    if (!before.has(key) || before.get(key) === value) continue;
    const goal = renamed(act, key);
    const field = goal && [...form.elements].find((one) => (one.type === "checkbox" ? `${one.name}=${one.value}` : one.name) === goal && one.type !== "hidden");
    if (!field) continue;
    if (typeof value === "boolean") field.checked = value;
    else field.value = value;
  }
}

function openParts(act) {
  const open = document.querySelectorAll("main details[id][open], aside details[id][open]");
  return new Set([...open].map((part) => renamed(act, part.id)).filter(Boolean));
}

async function ask(act) {
  const sent = typed();
  const body = new FormData(form);
  body.append("act", act);
  const answer = await send("POST", form.dataset.draftUrl, body, { Accept: "text/html" });
  if (!answer.ok) throw new Error(String(answer.status));
  return { sent, page: new DOMParser().parseFromString(await answer.text(), "text/html") };
}

function replace(page, id) {
  const here = document.getElementById(id);
  const there = page.getElementById(id);
  if (here && there) here.replaceChildren(...there.childNodes);
  return there;
}

function focusOn(id, page) {
  const goal = page ? form.dataset.focus : id;
  const field = goal && (document.getElementById(goal) ?? document.getElementById(`f-${goal}`));
  if (!field) return;
  field.focus({ preventScroll: true });
  field.scrollIntoView({ block: "nearest" });
}

/** Do what a button says, and show the form that comes back. */
async function press(act) {
  const { sent, page } = await ask(act);
  const holder = document.activeElement?.id; // whoever has gone on meanwhile stays where they are
  const open = openParts(act);
  const now = typed();
  const fresh = replace(page, "pipeline-form");
  for (const id of ["pipeline-drawing", "pipeline-side", "pipeline-errors"]) replace(page, id);
  form.dataset.focus = fresh?.dataset.focus ?? "";
  for (const id of open) { const part = document.getElementById(id); if (part) part.open = true; }
  carryOver(sent, now, act);
  const answer = act === "try" ? document.getElementById("trial") : act === "draw" ? document.querySelector("#pipeline-errors > *") : null;
  if (answer) { answer.tabIndex = -1; answer.focus({ preventScroll: true }); answer.scrollIntoView({ block: "nearest" }); } else if (form.dataset.focus) focusOn("", true);
  else focusOn(holder, false);
  form.dataset.dirty = "yes";
  const place = document.activeElement?.closest("section[aria-labelledby], [role=group][aria-label]");
  if (form.dataset.focus && place?.ariaLabel) announce(place.ariaLabel);
}

/** One after the other, so that two quick presses are two acts; when the line is down the form posts itself. */
function queue(act, button) {
  clearTimeout(timer);
  waiting += 1;
  turn = turn.then(() => press(act)).catch(() => { if (button?.isConnected) button.form.requestSubmit(button); }).finally(() => { waiting -= 1; });
  return turn;
}

/** Only the drawing: what is being typed is left alone. */
async function redraw() {
  const mine = ++latest;
  try {
    const { page } = await ask("");
    if (mine === latest) replace(page, "pipeline-drawing");
  } catch { /* the last picture stays */ }
}

if (form) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=act]");
    if (!button || button.form !== form || event.defaultPrevented) return;
    event.preventDefault();
    queue(button.value, button);
  });
  form.addEventListener("submit", (event) => { // what was pressed before 'Save' is part of what is saved
    if (!waiting || event.submitter?.name === "act") return;
    event.preventDefault();
    turn.then(() => form.requestSubmit());
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-refresh]")) queue("refresh");
  });
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(redraw, PAUSE);
  });
}
