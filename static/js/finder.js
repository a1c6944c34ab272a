// The rep's screen: type, choose, read, copy, mark – without leaving the keyboard, and with the mouse as well. The overlay
// of every page (search.js) and the frame beside the customer's file (embed.js) are two uses of it.
import { Asking } from "./asking.js";
import { copyText } from "./clipboard.js";
import { Marks, act } from "./marks.js";
import { Reading } from "./reading.js";

const LOOK = 150; // ms that a row is chosen before its text is fetched ahead
const commands = { c: "copy", u: "used", n: "bad", p: "pin", o: "open", z: "undo" };

/** `line` {get(url, signal), post(url, fields)}; `hooks` {leave(), announce(text), call(), copied(text, slug), used(slug, call),
 *  opened(url), out()}: where the two uses differ. */
export class Finder {
  constructor(root, line, hooks) {
    Object.assign(this, { root, line, hooks, words: root.dataset, base: root.dataset.base });
    const part = (name) => root.querySelector(`[data-${name}]`);
    this.input = root.querySelector("[role=combobox]");
    [this.found, this.pane, this.state, this.count, this.service, this.narrow, this.widen, this.keys] =
      ["found", "pane", "state", "count", "service", "narrow", "widen", "keys"].map(part);
    this.at = -1; // the row that is chosen
    this.asked = ""; // the key of the question whose answer is shown
    this.chosenService = null; // not known before the first answer: the server then takes the person's own
    this.told = new Set();
    this.reading = new Reading({ pane: this.pane, line, base: this.base });
    this.marks = new Marks({
      words: this.words, line, call: hooks.call, used: hooks.used, say: (node, text, bad) => this.note(node, text, bad),
      marksUrl: (slug) => this.words.marks.replace("{slug}", encodeURIComponent(slug)), pinsUrl: (slug) => `${this.base}/pins/${encodeURIComponent(slug)}`,
    });
    this.asking = new Asking({ fetch: (path, signal) => line.get(path, signal), answered: (html, path) => this.#answered(html, path), say: (state) => this.#say(state) });
    this.#listen();
  }

  // ── asking ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Ask for what stands in the field. */
  ask(options = {}) {
    const query = new URLSearchParams({ q: this.input.value });
    if (this.chosenService !== null) query.set("service", this.chosenService);
    this.asking.ask(`${this.base}/typing?${query}`, options);
  }

  /** Begin anew with these words (and service): what was fetched before may have changed. */
  begin(text = this.input.value, service = this.chosenService) {
    this.input.value = text;
    this.chosenService = service;
    this.reading.forget();
    this.reading.show(null);
    this.asking.wanted = null;
    this.toList({ focus: false });
    this.ask({ now: true });
    this.#services();
  }

  #answered(html, path) {
    const kept = this.rows[this.at]?.dataset.slug;
    this.found.innerHTML = html;
    this.found.dataset.q = new URLSearchParams(path.split("?")[1]).get("q"); // the words that this answers
    const answer = this.found.firstElementChild;
    this.asked = answer?.dataset.asked ?? "";
    if (this.count.textContent !== (answer?.dataset.total ?? "")) this.count.textContent = answer?.dataset.total ?? "";
    this.#narrowed(answer?.dataset.service ?? this.chosenService);
    const list = this.found.querySelector("[role=listbox]");
    if (list) list.id = `${this.words.id}-list`;
    this.rows.forEach((row, n) => { row.id = `${this.words.id}-row-${n}`; row.setAttribute("aria-selected", "false"); });
    this.input.setAttribute("aria-expanded", String(Boolean(list)));
    if (list) this.input.setAttribute("aria-controls", list.id); else this.input.removeAttribute("aria-controls");
    const again = this.isReading ? this.rows.findIndex((row) => row.dataset.slug === kept) : -1;
    this.choose(again >= 0 ? again : this.rows.length ? 0 : -1, { look: !this.isReading });
    this.#atLast();
  }

  /** What somebody wanted to read before the answer was there: the row they chose, or the first. */
  #atLast() {
    const wanted = this.impatient;
    if (!wanted || !this.rows.length) return;
    this.impatient = false;
    if (wanted === true) { this.read(); return; }
    const at = this.rows.findIndex((row) => row.dataset.slug === wanted);
    if (at >= 0) this.read(at);
  }

  /** What a search may be narrowed to comes once, beside the first answer. */
  async #services() {
    if (this.brought) return;
    this.brought = true;
    try {
      const answer = await this.line.get(`${this.base}/services`);
      if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
      this.service.append(...(await answer.json()).map(([code, name]) => new Option(name, code)));
      this.#narrowed(this.chosenService);
    } catch { this.brought = false; }
  }

  /** Show which service is chosen; every answer says it. */
  #narrowed(code) {
    this.chosenService = code;
    const known = [...this.service.options].some((one) => one.value === (code ?? ""));
    if (!known && this.brought && this.service.options.length > 1) this.service.append(new Option(code, code)); // a code that is none here
    this.service.value = code ?? "";
    this.narrow.hidden = this.service.options.length < 2;
    this.widen.hidden = !code;
    this.narrow.classList.toggle("is-chosen", Boolean(code));
  }

  #say(state) {
    const words = { slow: this.words.slow, away: this.words.away, out: this.words.out }[state] ?? "";
    this.root.classList.toggle("is-waiting", Boolean(words));
    this.state.hidden = !words;
    if (this.state.textContent !== words) this.state.textContent = words;
    if (state === "out") this.hooks.out(this.state);
  }

  async #narrowTo(code) {
    this.#narrowed(code);
    this.input.focus();
    this.ask({ now: true });
    if (this.words.keep === undefined) return; // in a frame the program around it says which
    try { await this.line.post(`${this.base}/service`, new URLSearchParams({ service: code })); } catch { /* it holds here, if nowhere else */ }
  }

  // ── choosing ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get rows() { return [...this.found.querySelectorAll("[role=option]")]; }
  get isReading() { return this.root.classList.contains("is-reading"); }

  choose(at, { look = true } = {}) {
    const rows = this.rows;
    rows[this.at]?.setAttribute("aria-selected", "false");
    for (const row of this.found.querySelectorAll('[aria-selected="true"]')) row.setAttribute("aria-selected", "false");
    this.at = rows.length ? Math.min(Math.max(at, 0), rows.length - 1) : -1;
    const row = rows[this.at];
    clearTimeout(this.looking);
    if (!row) { this.input.removeAttribute("aria-activedescendant"); if (!this.isReading) this.#show(null); return; }
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", row.id);
    if (look) this.looking = setTimeout(() => this.#look(row), LOOK);
  }

  /** Fetch ahead, and show beside the list where there is room. That is not yet reading. */
  async #look(row) {
    try {
      const node = await this.reading.fetch(row.dataset.slug);
      if (row === this.rows[this.at] && !this.isReading) this.#show(node);
    } catch { /* it is asked for again when it is read */ }
  }

  #show(node) {
    this.reading.show(node);
    this.pane.hidden = !node && !this.isReading;
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Read the chosen text in place; when its answer is still on the way, as soon as it comes. */
  async read(at = this.at, { pointed = false } = {}) {
    const row = this.rows[at];
    if (this.asking.waiting) { this.impatient = (pointed && row?.dataset.slug) || true; return; }
    if (!row) return;
    this.choose(at, { look: false });
    this.root.classList.add("is-reading");
    this.pane.hidden = false;
    this.pane.focus({ preventScroll: true });
    if (this.reading.node?.dataset.slug !== row.dataset.slug) this.reading.show(null); // no key marks the text that was there before
    let node;
    try {
      node = await this.reading.fetch(row.dataset.slug);
    } catch {
      if (row === this.rows[this.at]) { this.#say("away"); this.toList(); }
      return;
    }
    if (row !== this.rows[this.at] || !this.isReading) return;
    this.#show(node);
    this.pane.setAttribute("aria-label", node.querySelector("[data-title]").textContent);
    this.hooks.announce(node.querySelector("[data-title]").textContent);
    this.#tell(row.dataset.id);
  }

  /** Say once, for each question, that a text was opened from it. */
  #tell(id) {
    const key = `${this.asked} ${id}`;
    if (this.told.has(key)) return;
    this.told.add(key);
    this.line.post(`${this.base}/opened`, new URLSearchParams({ asked: this.asked, article: id })).catch(() => this.told.delete(key));
  }

  toList({ focus = true } = {}) {
    this.root.classList.remove("is-reading");
    this.impatient = false;
    if (!this.reading.node) this.pane.hidden = true;
    if (focus) this.input.focus();
  }

  async copy(part = this.reading.wording()) {
    if (!part) return;
    const text = part.dataset.wording;
    await copyText(text, this.pane);
    for (const one of this.pane.querySelectorAll(".is-copied")) one.classList.remove("is-copied");
    part.classList.add("is-copied");
    this.note(this.reading.node, `${this.words.copied}: ${part.dataset.name}`);
    this.hooks.copied(text, this.reading.node.dataset.slug);
  }

  /** A sentence under the buttons, said aloud too. */
  note(node, text, bad = false) {
    const line = node.querySelector("[data-note]");
    line.hidden = false;
    line.classList.toggle("is-bad", bad);
    line.textContent = text;
  }

  /** What a key or a button asks for. */
  do(name, from = null) {
    const node = this.reading.node;
    if (!node) return;
    const why = node.querySelector("[data-why]");
    if (name === "copy") this.copy();
    else if (name === "copy-part") this.copy(from.closest("[data-wording]"));
    else if (name === "used") this.marks.markUsed(node);
    else if (name === "undo") this.marks.takeBack(node);
    else if (name === "pin") this.marks.pin(node);
    else if (name === "open") this.hooks.opened(act(node, "open").href);
    else if (name === "step-back") this.reading.back();
    else if (name === "bad") { why.hidden = false; why.scrollIntoView({ block: "nearest" }); this.marks.didNotHelp(node); }
    else if (name === "reason") { why.hidden = true; this.marks.didNotHelp(node, { reason: from.dataset.reason }); this.pane.focus({ preventScroll: true }); }
    else if (name === "comment") {
      const comment = why.querySelector("[data-comment]").value.trim();
      why.hidden = true;
      if (comment) this.marks.didNotHelp(node, { comment });
      this.pane.focus({ preventScroll: true });
    }
  }

  // ── keys and clicks ────────────────────────────────────────────────────────────────────────────────────────────────

  #listen() {
    this.input.addEventListener("input", (event) => { if (!event.isComposing) { this.impatient = false; this.ask(); } });
    this.input.addEventListener("compositionend", () => this.ask());
    this.input.addEventListener("focus", () => { if (this.isReading) this.toList({ focus: false }); });
    this.service.addEventListener("change", () => this.#narrowTo(this.service.value));
    this.widen.addEventListener("click", () => this.#narrowTo(""));
    this.root.querySelector("[data-back]").addEventListener("click", () => this.toList());
    this.root.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
    this.found.addEventListener("mousedown", (event) => { if (event.target.closest("[role=option]")) event.preventDefault(); }); // the field keeps the focus until it is read
    this.found.addEventListener("click", (event) => {
      const row = event.target.closest("[role=option]");
      if (row) this.read(this.rows.indexOf(row), { pointed: true });
    });
    this.pane.addEventListener("click", (event) => this.#clicked(event));
    this.root.addEventListener("keydown", (event) => this.#pressed(event));
  }

  #clicked(event) {
    const button = event.target.closest("button[data-act], button[data-to], button[data-reason], a[data-act]");
    if (!button || !this.reading.node) return;
    const row = this.rows[this.at];
    if (row?.dataset.slug === this.reading.node.dataset.slug) this.#tell(row.dataset.id); // used beside the list: read
    if (button.dataset.to) { this.#step(button.dataset.to); return; }
    if (button.dataset.reason) { this.do("reason", button); return; }
    if (button.dataset.act === "open") { this.hooks.opened(button.href, event); return; }
    this.do(button.dataset.act, button);
  }

  #step(to) {
    this.hooks.announce(this.reading.go(to));
    this.root.classList.add("is-reading");
    this.pane.focus({ preventScroll: true });
  }

  #pressed(event) {
    if (event.isComposing || event.keyCode === 229 || event.key === "Process" || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key;
    const used = event.target === this.input ? this.#inField(key) : this.#beside(event.target, key);
    if (used) { event.preventDefault(); event.stopPropagation(); }
  }

  #inField(key) {
    if (key === "ArrowDown") { this.choose(this.at + 1); return true; }
    if (key === "ArrowUp") { this.choose(this.at - 1); return true; }
    if (key === "Enter") { this.read(); return true; }
    if (key === "Escape") { this.hooks.leave(); return true; }
    const end = this.input.selectionStart === this.input.value.length && this.input.selectionEnd === this.input.value.length;
    if (key === "ArrowRight" && end && this.rows[this.at]) { this.read(); return true; }
    if ((key === "?" || key === "？") && !this.input.value) { this.#toggleKeys(); return true; }
    return false;
  }

  #beside(target, key) {
    const field = /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
    const why = this.reading.node?.querySelector("[data-why]");
    const asking = Boolean(why && !why.hidden && this.pane.contains(target));
    if (key === "Escape") {
      if (asking) { why.hidden = true; this.pane.focus({ preventScroll: true }); } else if (target !== this.input && (this.isReading || field)) this.toList(); else this.hooks.leave();
      return true;
    }
    if (field) {
      if (key === "Enter" && target.matches("[data-comment]")) { this.do("comment"); return true; }
      return false;
    }
    if (key === "/") { this.toList(); this.input.select(); return true; }
    if (key === "?" || key === "？") { this.#toggleKeys(); return true; }
    if (!this.pane.contains(target)) return false;
    return this.#command(key, asking ? why : null);
  }

  #command(key, why) {
    if (/^[0-9]$/.test(key)) {
      const reason = why?.querySelector(`[data-reason][data-key="${key}"]`);
      if (why) { if (reason) this.do("reason", reason); return true; }
      const to = this.reading.chosen(key);
      if (to !== null) this.#step(to);
      return to !== null;
    }
    if (key === "ArrowLeft") { if (!this.reading.back()) this.toList(); return true; }
    if (key === "j" || key === "k") { this.read(this.at + (key === "j" ? 1 : -1)); return true; }
    if (commands[key]) { this.do(commands[key]); return true; }
    return false;
  }

  #toggleKeys() { this.keys.open = !this.keys.open; }
}
