// What every page may have. Each part wakes only when its hook is on the page; without script all of it still works.
const csrf = () => document.querySelector('meta[name="csrf-token"]')?.content ?? ""; // another one after signing in again
const announcer = document.getElementById("announce");

/** Say something to people who cannot see it happen. */
export function announce(text) {
  if (!announcer) return;
  announcer.textContent = "";
  requestAnimationFrame(() => { announcer.textContent = text; });
}

/** fetch with our token; resolves to the Response, rejects only when the network is gone. */
export function send(method, url, body, headers = {}, more = {}) {
  return fetch(url, {
    method, credentials: "same-origin", body, ...more,
    headers: { "X-CSRFToken": csrf(), Accept: "application/json", ...headers },
  });
}

/** True while the person is typing somewhere, so that single keys are letters and not commands. */
export function typing(target = document.activeElement) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
    && !/^(checkbox|radio|button|submit)$/.test(target.type ?? "");
}

function closeMenusOutside() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}

function theme() {
  const root = document.documentElement;
  for (const button of document.querySelectorAll("[data-theme-toggle]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      root.dataset.theme = dark ? "light" : "dark";
      document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
    });
  }
}

/** Forms marked data-dirty-warning ask before typed text is thrown away. */
function dirtyForms() {
  for (const form of document.querySelectorAll("form[data-dirty-warning]")) {
    form.addEventListener("input", () => { form.dataset.dirty = "yes"; });
    form.addEventListener("submit", () => { delete form.dataset.dirty; });
  }
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-dirty]")) event.preventDefault();
  });
}

/** Forms marked data-once are sent once, however impatient the hand. */
function sendOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-once]") || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
}

function filtersSubmitThemselves() {
  for (const form of document.querySelectorAll("form[data-auto-submit]")) {
    form.addEventListener("change", () => form.requestSubmit());
    form.querySelector("[data-without-script]")?.setAttribute("hidden", "");
  }
}

function shortcuts() {
  const help = document.getElementById("shortcuts");
  for (const button of document.querySelectorAll("[data-shortcuts]")) {
    button.hidden = false;
    button.addEventListener("click", () => help?.showModal());
  }
  let before = "";
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing()) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "?" && help) { event.preventDefault(); help.showModal(); }
    const overlay = document.getElementById("search-overlay");
    if (event.key === "/" && !event.defaultPrevented && overlay) {
      event.preventDefault();
      overlay.showModal(); // at once: the next keys belong into it, also while the search itself is still fetched
      overlay.querySelector("input").focus();
      overlay.querySelector("input").select();
      import("./search.js").then((search) => search.open());
    } else if (event.key === "/" && !event.defaultPrevented) {
      const box = document.querySelector("[data-search] input");
      if (box) { event.preventDefault(); box.focus(); box.select(); }
    }
    if (before === "g") {
      const goal = { h: "/", i: "/reviews" }[event.key];
      if (goal) location.assign(goal);
    }
    before = event.key;
  });
}

/** j and k walk through the rows of [data-walk]; Enter opens the row's first link. */
function walkLists() {
  const rows = [...document.querySelectorAll("[data-walk] > li, tbody[data-walk] > tr")];
  if (!rows.length) return;
  let at = -1;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing()) return;
    if (document.querySelector("dialog[open]")) return;
    const step = { j: 1, k: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    rows[at]?.classList.remove("is-picked");
    at = Math.min(Math.max(at + step, 0), rows.length - 1);
    rows[at].classList.add("is-picked");
    rows[at].scrollIntoView({ block: "nearest" });
    rows[at].querySelector("a")?.focus({ preventScroll: true });
  });
}

closeMenusOutside();
theme();
dirtyForms();
sendOnce();
filtersSubmitThemselves();
walkLists();
shortcuts();
const coming = [];
const bring = (path) => coming.push(import(path).catch(() => {})); // the page may be left before it has arrived
if (document.querySelector("[data-copy]")) bring("./copy.js");
if (document.querySelector("[data-guide], [data-print]")) bring("./guide.js");
if (document.querySelector("[data-asked]")) bring("./opened.js");
if (document.querySelector("[data-rows]")) bring("./rows.js");
if (document.querySelector("[data-similar-form]")) bring("./similar.js");
if (document.querySelector("form[data-autosave-url], [data-preview-url]")) bring("./editor.js");
if (document.querySelector("[data-change]")) bring("./compare.js");
if (document.querySelector("[data-titles-url]")) bring("./titles.js");
if (document.querySelector("form[data-autosave-url]")) bring("./draft.js");
if (document.querySelector("[data-review]")) bring("./review.js");
if (document.querySelector("form[data-bulk]")) bring("./inbox.js");
if (document.getElementById("search-overlay")) { bring("./search.js"); bring("./copy.js"); }
Promise.all(coming).then(() => { document.documentElement.dataset.awake = ""; }); // every key and button of the page is heard from here on
