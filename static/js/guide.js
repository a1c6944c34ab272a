// A script with answers, one step at a time: number keys choose, ← goes back, 0 closes, and the address names the step.
// Without this file every step stands below the other, and the choices are links between them.
import { announce, typing } from "./app.js";

const guide = document.querySelector("[data-guide]");

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

if (guide) {
  const steps = new Map([...guide.querySelectorAll("[data-step]")].map((one) => [one.dataset.step, one]));
  const path = guide.querySelector("[data-guide-path]");
  const all = guide.querySelector("[data-guide-all]");
  const back = guide.querySelector("[data-guide-back]");
  let way = ["0"];
  let guided = true;

  const named = (hash) => {
    const found = /^#answer-(\d+|end)$/.exec(hash);
    return found && steps.has(found[1]) ? found[1] : null;
  };
  const after = (step) => [...steps.get(step).querySelectorAll(".guide-choices a")].map((a) => named(a.hash)).filter(Boolean);

  /** The shortest way from the beginning to a step, for an address that somebody was sent. */
  function wayTo(goal) {
    const ways = [["0"]];
    const seen = new Set(["0"]);
    for (const one of ways) {
      if (one.at(-1) === goal) return one;
      for (const next of after(one.at(-1))) if (!seen.has(next)) { seen.add(next); ways.push([...one, next]); }
    }
    return ["0", goal];
  }

  function show({ focus = true } = {}) {
    const now = way.at(-1);
    guide.classList.toggle("is-guided", guided);
    for (const [step, section] of steps) section.hidden = guided && step !== now;
    back.disabled = way.length < 2;
    path.replaceChildren(...way.map((step, at) => {
      const item = document.createElement("li");
      const link = Object.assign(document.createElement("a"), { href: `#answer-${step}`, textContent: steps.get(step).dataset.name });
      link.dataset.at = at;
      if (at === way.length - 1) { link.removeAttribute("href"); link.setAttribute("aria-current", "step"); }
      item.append(link);
      return item;
    }));
    copyHere(steps.get(now));
    if (!focus) return;
    const section = steps.get(now);
    section.focus({ preventScroll: true });
    section.scrollIntoView({ block: guided ? "nearest" : "start" });
    announce(section.dataset.name);
  }

  /** `c` copies the wording of the step that is shown. */
  function copyHere(section) {
    const key = guide.querySelector('[data-copy][aria-keyshortcuts="c"]');
    const mark = key?.querySelector("kbd");
    const button = section.querySelector("[data-copy]");
    if (!key || !button || key === button) return;
    key.removeAttribute("aria-keyshortcuts");
    button.setAttribute("aria-keyshortcuts", "c");
    if (mark) button.append(" ", mark);
  }

  function go(next, { keep = true } = {}) {
    way = next;
    if (keep) history.pushState({ way }, "", `#answer-${way.at(-1)}`);
    show();
  }

  function goBack() {
    if (way.length < 2) return;
    if (history.state?.way) history.back();
    else go(way.slice(0, -1));
  }

  function setGuided(on) {
    guided = on;
    all.setAttribute("aria-pressed", String(!on));
    show();
  }

  guide.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#answer-']");
    const step = link && named(link.hash);
    if (step && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      if (link.dataset.at !== undefined) go(way.slice(0, Number(link.dataset.at) + 1));
      else go(step === "0" ? ["0"] : [...(guided ? way : wayTo(step).slice(0, -1)), step]);
    }
  });
  back.addEventListener("click", goBack);
  all.addEventListener("click", () => setGuided(!guided));
  addEventListener("popstate", () => {
    const step = named(location.hash);
    way = history.state?.way ?? (step ? wayTo(step) : ["0"]);
    show();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || typing()) return;
    if (document.querySelector("dialog[open]") || document.querySelector("details[data-menu][open]")) return;
    if (event.key === "ArrowLeft" || event.key === "Backspace") { event.preventDefault(); goBack(); return; }
    if (!/^[0-9]$/.test(event.key)) return;
    const choice = steps.get(way.at(-1)).querySelector(`.guide-choices a[data-key="${event.key}"]`);
    if (choice) { event.preventDefault(); choice.click(); }
  });

  for (const part of guide.querySelectorAll("[data-guide-bar], [data-guide-keys]")) part.hidden = false;
  const first = named(location.hash);
  if (first) way = wayTo(first);
  show({ focus: Boolean(first) });
}
