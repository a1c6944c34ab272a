// Asks while somebody types: after a short pause, one question at a time. An old answer never replaces a newer one, and
// what does not answer is said – and asked again by itself – while the typed words stay where they are.
const PAUSE = 90; // ms between the last key and the question
const SLOW = 1200; // ms after which it is said that it takes long
const PATIENCE = 10_000; // ms after which an answer is not waited for any more
const AGAIN = [1000, 2000, 4000, 8000];

/** `fetch(path, signal)` answers a path; `answered(html, path)` gets the newest answer; `say(state)` is told 'fine',
 *  'slow', 'away' or 'out' (nobody is signed in any more). */
export class Asking {
  constructor({ fetch, answered, say }) {
    Object.assign(this, { fetch, answered, say });
    this.turn = 0;
    this.tries = 0;
    this.wanted = null; // the path that shall be shown
    this.shown = null; // the path that is shown
    this.timers = {};
  }

  /** True while what is shown is not what was asked for last. */
  get waiting() { return this.wanted !== this.shown; }

  /** Show the answer to this path, soon; `now` does without the pause. */
  ask(path, { now = false } = {}) {
    if (path === this.wanted) return;
    this.wanted = path;
    this.tries = 0;
    this.#stop();
    this.timers.pause = setTimeout(() => this.#go(), now ? 0 : PAUSE);
  }

  /** Ask for the same once more, whatever is shown. */
  again(path = this.wanted) {
    this.wanted = this.shown = null;
    this.ask(path, { now: true });
  }

  #stop() {
    Object.values(this.timers).forEach(clearTimeout);
    this.control?.abort();
    this.turn += 1; // whatever still comes is an old answer
  }

  async #go() {
    const turn = this.turn;
    const path = this.wanted;
    const control = this.control = new AbortController();
    this.timers.slow = setTimeout(() => { if (turn === this.turn) this.say("slow"); }, SLOW);
    this.timers.patience = setTimeout(() => control.abort("too long"), PATIENCE);
    let html;
    try {
      const answer = await this.fetch(path, control.signal);
      if (turn !== this.turn) return;
      if (answer.redirected || answer.status === 401) { this.#done(); this.shown = path; this.say("out"); return; }
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      html = await answer.text();
    } catch {
      if (turn === this.turn) this.#later();
      return;
    }
    if (turn !== this.turn) return;
    this.#done();
    this.shown = path;
    this.say("fine");
    this.answered(html, path);
  }

  #done() {
    clearTimeout(this.timers.slow);
    clearTimeout(this.timers.patience);
  }

  #later() {
    this.#done();
    this.say("away");
    this.timers.again = setTimeout(() => this.#go(), AGAIN[Math.min(this.tries++, AGAIN.length - 1)]);
  }
}
