// A quiz is kept while it is filled in: a moment after each choice, one request at a time, again when the connection is
// back. When the time is up it is handed in as it is. Without script the form keeps by its button.
const form = document.querySelector("form[data-keeps]");
const PAUSE = 600;
const AGAIN = 5000;
let timer = 0;
let running = false;
let waiting = false;
let leaving = false; // the form is on its way: what was to be kept comes with it, and may not overtake it
let line = new AbortController();

const state = form?.querySelector("[data-keep-state]");
const say = (words) => { if (state && state.textContent !== words) state.textContent = words; };

function later(pause) {
  clearTimeout(timer);
  timer = setTimeout(keep, pause);
}

async function keep() {
  if (leaving) return;
  if (running) { waiting = true; return; }
  running = true;
  waiting = false;
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) body.append(name, value);
  body.set("verb", "keep");
  body.set("quiet", "1");
  try {
    const answer = await fetch(form.action, { method: "POST", body, credentials: "same-origin", signal: line.signal });
    if (answer.status === 204) say(form.dataset.keeps);
    else if (answer.status === 409) say(form.dataset.keepsOver);
    else throw new Error(String(answer.status));
  } catch {
    if (leaving) return;
    say(form.dataset.keepsNot);
    later(AGAIN);
  }
  running = false;
  if (waiting) later(0);
}

function countDown() {
  const until = performance.now() + Number(form.dataset.secondsLeft) * 1000;
  const place = form.querySelector("[data-time-left]");
  let told = -1;
  const tick = () => {
    const left = Math.ceil((until - performance.now()) / 1000);
    const minutes = Math.ceil(left / 60);
    if (place && minutes !== told && (minutes <= 5 || minutes % 5 === 0 || told < 0)) {
      place.textContent = form.dataset.minutesLeft.replace("{n}", String(Math.max(0, minutes)));
      told = minutes;
    }
    if (left > 0) { setTimeout(tick, 1000); return; }
    const sure = document.createElement("input");
    Object.assign(sure, { type: "hidden", name: "sure", value: "1" });
    form.append(sure);
    form.requestSubmit(form.querySelector("button:not([name])"));
  };
  tick();
}

if (form) {
  form.addEventListener("change", () => later(PAUSE));
  form.addEventListener("input", (event) => { if (event.target.type === "text") later(PAUSE * 2); });
  addEventListener("online", () => later(0));
  form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); line.abort(); });
  addEventListener("pageshow", (event) => { // back by the browser's button
    if (!event.persisted) return;
    leaving = running = false;
    line = new AbortController();
  });
  if (form.dataset.secondsLeft) countDown();
}
