// A text read beside the results: fetched once, stepped through by number keys when it is a script with answers.
export class Reading {
  constructor({ pane, line, base }) {
    Object.assign(this, { pane, line, base });
    this.place = pane.querySelector("[data-text]");
    this.known = new Map(); // slug → promise of its node
    this.node = null; // what is shown
  }

  /** Forget what was fetched: it may have changed since. */
  forget() {
    this.known.clear();
  }

  /** The node of a text; rejects when it cannot be had. */
  fetch(slug) {
    if (!this.known.has(slug)) {
      if (this.known.size > 40) this.known.delete(this.known.keys().next().value);
      const coming = this.#get(slug);
      coming.catch(() => this.known.delete(slug));
      this.known.set(slug, coming);
    }
    return this.known.get(slug);
  }

  async #get(slug) {
    const answer = await this.line.get(`${this.base}/reading/${encodeURIComponent(slug)}`);
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    const box = document.createElement("div");
    box.innerHTML = await answer.text();
    const node = box.querySelector("[data-reading]");
    node.way = ["0"];
    for (const link of node.querySelectorAll("a[href]")) { link.target = "_blank"; link.rel = "noopener"; }
    this.#step(node);
    return node;
  }

  /** Show a node; nothing: show that it is on its way. */
  show(node) {
    this.node = node;
    if (node && node.parentElement !== this.place) this.place.replaceChildren(node);
    if (!node) this.place.replaceChildren();
    this.pane.scrollTop = 0;
  }

  // ── a script with answers ──────────────────────────────────────────────────────────────────────────────────────────

  get steps() { return Boolean(this.node?.querySelector("[data-steps]")); }
  get at() { return this.node?.way.at(-1) ?? "0"; }
  get section() { return this.node?.querySelector(`[data-step="${CSS.escape(this.at)}"]`) ?? null; }

  /** Go on to a step; to one of the way before, back to it. */
  go(step) {
    const way = this.node.way;
    const before = way.indexOf(step);
    this.node.way = before >= 0 ? way.slice(0, before + 1) : [...way, step];
    this.#step(this.node);
    this.pane.scrollTop = 0;
    return this.section?.dataset.name ?? "";
  }

  /** One step back; false at the beginning. */
  back() {
    if (!this.node || this.node.way.length < 2) return false;
    this.go(this.node.way.at(-2));
    return true;
  }

  /** The step that a number key leads to. */
  chosen(key) {
    return this.section?.querySelector(`[data-to][data-key="${key}"]`)?.dataset.to ?? null;
  }

  #step(node) {
    for (const one of node.querySelectorAll("[data-step]")) one.hidden = one.dataset.step !== node.way.at(-1);
    const bar = node.querySelector("[data-way-bar]");
    if (!bar) return;
    bar.hidden = node.way.length < 2;
    const name = (step) => node.querySelector(`[data-step="${CSS.escape(step)}"]`).dataset.name;
    bar.querySelector("[data-way]").textContent = node.way.map(name).join(" › ");
  }

  // ── the wording ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The part that the copy key takes: of the step that is shown, else the recommended wording. */
  wording() {
    return this.section?.querySelector("[data-wording]") ?? this.node?.querySelector("[data-main][data-wording], [data-wording]") ?? null;
  }
}
