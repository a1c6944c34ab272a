// Deciding with the keyboard: the keys lead to the button, Enter presses it – no single key decides by itself.
import { typing } from "./app.js";

const page = document.querySelector("[data-review]");
const goals = { a: '[value="approve"]', s: '[value="send_back"]', r: '[value="reject"]', m: "textarea[name=note]" };
const marks = [...page.querySelectorAll("[data-change], .review-field")];
let at = -1;

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape" && typing()) { document.activeElement.blur(); return; }
  if (typing()) return;
  if (goals[event.key]) {
    const goal = page.querySelector(goals[event.key]);
    if (goal) { event.preventDefault(); goal.focus(); }
  } else if (event.key === "j" || event.key === "k") {
    if (!marks.length) return;
    event.preventDefault();
    at = Math.min(Math.max(at + (event.key === "j" ? 1 : -1), 0), marks.length - 1);
    marks[at].scrollIntoView({ block: "start" });
  }
});

// A send-back or a rejection without a remark helps nobody; the server says so too.
page.querySelector("form.decide")?.addEventListener("submit", (event) => {
  const note = event.target.querySelector("textarea[name=note]");
  const verb = event.submitter?.value;
  if (!note) return;
  note.setCustomValidity("");
  if ((verb === "send_back" || verb === "reject") && !note.value.trim()) {
    note.setCustomValidity(note.dataset.needed ?? "…");
    note.reportValidity();
    event.preventDefault();
  }
});
page.querySelector("textarea[name=note]")?.addEventListener("input", (event) => event.target.setCustomValidity(""));
