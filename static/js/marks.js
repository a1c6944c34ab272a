// What a rep says of a text: used it, did not help, pin. The button answers at once; the server's answer corrects it.
export class Marks {
  /** `words` are the sentences (dataset of the finder), `line` posts, `say(node, sentence)` shows one, `call()` names the
   *  call that is on. */
  constructor({ words, line, marksUrl, pinsUrl, say, call, used }) {
    Object.assign(this, { words, line, marksUrl, pinsUrl, say, call, used });
  }

  /** Used in the call that is on; pressed twice in one call it is one use. */
  async markUsed(node) {
    const button = act(node, "used");
    const call = this.call();
    if (node.dataset.usedCall === call) { this.say(node, this.words.again); return; }
    const before = { call: node.dataset.usedCall ?? "", uses: uses(node) };
    node.dataset.usedCall = call;
    press(button, true);
    count(node, before.uses + 1);
    this.say(node, this.words.thanks);
    const answer = await this.#post(node, this.marksUrl(node.dataset.slug), { used_in_call: "1", call_ref: call });
    if (answer) {
      this.#show(node, answer);
      press(button, answer.used_today);
      this.used(node.dataset.slug, call);
    } else {
      node.dataset.usedCall = before.call;
      press(button, Boolean(before.call));
      count(node, before.uses);
    }
  }

  /** The last use of today is taken back. */
  async takeBack(node) {
    const button = act(node, "undo");
    if (button.hidden) return;
    const call = node.dataset.usedCall ?? "";
    button.hidden = true;
    press(act(node, "used"), false);
    const answer = await this.#post(node, this.marksUrl(node.dataset.slug), { undo: "1", call_ref: call });
    if (answer) {
      delete node.dataset.usedCall;
      this.#show(node, answer);
      this.say(node, this.words.backTaken);
    } else {
      button.hidden = false;
      press(act(node, "used"), Boolean(call));
    }
  }

  /** It did not help; the reason may follow, and nobody waits for it. */
  async didNotHelp(node, said = {}) {
    const button = act(node, "bad");
    const before = button.getAttribute("aria-pressed") === "true";
    press(button, true);
    this.say(node, this.words.sorry);
    const answer = await this.#post(node, this.marksUrl(node.dataset.slug), { helpful: "0", ...said });
    press(button, answer ? answer.helpful === false : before);
  }

  /** Pinned for oneself, or not any more. */
  async pin(node) {
    const button = act(node, "pin");
    const on = button.getAttribute("aria-pressed") !== "true";
    press(button, on);
    this.say(node, on ? this.words.pinned : this.words.unpinned);
    const answer = await this.#post(node, this.pinsUrl(node.dataset.slug), { on: on ? "1" : "0" });
    press(button, answer ? answer.pinned : !on);
  }

  #show(node, answer) {
    count(node, answer.used);
    act(node, "undo").hidden = !answer.used_today;
  }

  /** The server's answer, or nothing; then it was said why. */
  async #post(node, url, fields) {
    try {
      const answer = await this.line.post(url, new URLSearchParams(fields));
      const body = await answer.json();
      if (answer.ok) return body;
      this.say(node, body.detail ?? this.words.lost, true);
    } catch {
      this.say(node, this.words.lost, true);
    }
    return null;
  }
}

export const act = (node, name) => node.querySelector(`[data-act="${name}"]`);
const uses = (node) => Number(node.querySelector("[data-uses]").textContent) || 0;
const press = (button, on) => button.setAttribute("aria-pressed", String(on));
const count = (node, number) => { node.querySelector("[data-uses]").textContent = String(number); };
