// The writing surface: mounts over the page's textarea, which keeps the Markdown and goes on being what the form sends.
import { Editor } from "@tiptap/core";
import { Dropcursor, Gapcursor, TrailingNode, UndoRedo } from "@tiptap/extensions";
import { DOMParser as NodeParser, Slice } from "@tiptap/pm/model";
import { ACTIONS, Keys } from "./actions.js";
import { alt, link } from "./dialogs.js";
import { Origin } from "./document.js";
import { Normal } from "./normal.js";
import { cleaned, tabbed } from "./paste.js";
import { Arrivals, bring, fileOf } from "./pictures.js";
import { SCHEMA } from "./schema.js";
import { Toolbar } from "./toolbar.js";

export { getSchema } from "@tiptap/core";
export { cleaned } from "./paste.js";
export { shape, shapeOf } from "./shape.js";
export { Origin, SCHEMA };

const LETTER = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}]/gu;
const WORD = /[\p{L}\p{N}]+(?:['’.\-][\p{L}\p{N}]+)*/gu;

/** Chinese characters, each, and words of other scripts. */
export function count(text) {
  const letters = text.match(LETTER)?.length ?? 0;
  return letters + (text.replace(LETTER, " ").match(WORD)?.length ?? 0);
}

export function extensions() {
  return [...SCHEMA, Keys, Normal, Arrivals, UndoRedo, Gapcursor, Dropcursor.configure({ class: "rich-drop", color: false, width: 3 }), TrailingNode.configure({ node: "paragraph", notAfter: ["paragraph"] })];
}

class Surface {
  constructor(root, textarea, csrf) {
    Object.assign(this, { root, textarea, csrf, given: root.dataset, turn: 0, written: null, origin: null });
    this.status = root.querySelector("[data-rich-status]");
    this.counter = root.querySelector("[data-rich-count]");
    this.field = textarea.closest(".field");
    this.editor = new Editor({
      element: root.querySelector("[data-rich-surface]"),
      extensions: extensions(), injectCSS: false,
      editorProps: {
        attributes: this.attributes(),
        transformPastedHTML: (html) => cleaned(html, (data) => this.take(() => fileOf(data))),
        clipboardTextParser: (text, $context, plain, view) => this.pastedText(text, $context, plain, view),
        handlePaste: (view, event) => this.files(event.clipboardData, view.state.selection.from, event),
        handleDrop: (view, event) => this.files(event.dataTransfer, view.posAtCoords({ left: event.clientX, top: event.clientY })?.pos ?? 0, event),
        handleKeyDown: (_, event) => this.key(event),
      },
    });
    const extra = {
      source: () => this.toSource(), link: () => this.link(), alt: () => alt(this.editor, root.querySelector("[data-rich-alt]")),
      picture: () => root.querySelector("[data-rich-file]").click(),
    };
    this.toolbars = [...root.querySelectorAll("[data-rich-bar]")].map((bar) => new Toolbar(root, bar, this.editor, extra));
    this.listen();
  }

  attributes() {
    const label = this.field.querySelector(`label[for="${this.textarea.id}"]`);
    if (label) label.id ||= `${this.textarea.id}-label`;
    this.label = label;
    return {
      class: "prose rich-text", role: "textbox", "aria-multiline": "true", "aria-labelledby": label?.id ?? "",
      "aria-describedby": this.given.help, ...(this.textarea.getAttribute("aria-invalid") ? { "aria-invalid": "true" } : {}),
    };
  }

  listen() {
    this.editor.on("update", () => this.write());
    this.editor.on("transaction", () => this.show());
    this.editor.on("wantsLink", () => this.link());
    this.root.querySelector("[data-rich-file]").addEventListener("change", (event) => {
      this.send([...event.target.files], this.editor.state.selection.from);
      event.target.value = "";
    });
    const back = document.querySelector("[data-rich-back]");
    back?.addEventListener("click", () => this.toSurface());
    this.label?.addEventListener("click", (event) => { if (this.open) { event.preventDefault(); this.editor.commands.focus(); } });
    // Somebody else wrote into the textarea (a kept copy, a merge): the surface follows.
    this.textarea.form?.addEventListener("input", () => { if (this.open && this.textarea.value !== this.written) this.load(); });
    addEventListener("pageshow", (event) => { if (event.persisted && this.open && this.textarea.value !== this.written) this.load(); });
  }

  get open() { return !this.root.hidden; }

  /** The textarea's Markdown, cut and rendered by the server, becomes the document. False where that cannot be. */
  async load() {
    const text = this.textarea.value, mine = ++this.turn;
    let blocks = [];
    if (text.trim()) {
      try {
        const answer = await fetch(this.given.blocks, {
          method: "POST", credentials: "same-origin", body: new URLSearchParams({ text }),
          headers: { "X-CSRFToken": this.csrf, Accept: "application/json" },
        });
        if (!answer.ok) return false;
        ({ blocks } = await answer.json());
      } catch { return false; }
    }
    if (mine !== this.turn || this.textarea.value !== text) return mine === this.turn ? this.load() : true;
    this.origin = new Origin(this.editor.schema, blocks);
    if (!blocks.length) this.origin.text = text;
    const { state } = this.editor;
    const { tr, doc } = this.editor.state;
    this.editor.view.dispatch(tr.replaceWith(0, doc.content.size, this.origin.doc.content).setMeta("addToHistory", false).setMeta("loaded", true));
    this.written = text;
    this.show();
    return true;
  }

  write() {
    if (!this.origin || !this.open) return;
    const text = this.origin.toMarkdown(this.editor.state.doc);
    if (text === this.textarea.value) return;
    this.written = this.textarea.value = text;
    this.textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  show() {
    const { editor } = this;
    this.root.querySelector("[data-rich-table]").hidden = !editor.isActive("table");
    this.root.querySelector("[data-rich-picture]").hidden = !editor.isActive("picture");
    for (const toolbar of this.toolbars ?? []) toolbar.show();
    const number = count(editor.state.doc.textBetween(0, editor.state.doc.content.size, "\n", " "));
    this.counter.textContent = this.given.count.replace("{n}", number.toLocaleString(document.documentElement.lang));
  }

  say(kind, text) {
    this.status.textContent = { sending: this.given.sending.replace("{name}", text), refused: text || this.given.refused }[kind] ?? "";
    this.status.dataset.state = kind;
  }

  link() { return link(this.editor, this.root.querySelector("[data-rich-link]"), this.given.suggest); }

  key(event) {
    if (event.altKey && event.key === "F10") { this.toolbars[0].enter(); event.preventDefault(); return true; }
    if ((event.ctrlKey || event.metaKey) && event.key === "s" && !event.shiftKey) {
      event.preventDefault(); // saving is the page's
      this.textarea.dispatchEvent(new KeyboardEvent("keydown", { key: "s", ctrlKey: true, bubbles: true, cancelable: true }));
      return true;
    }
    return false;
  }

  files(transfer, pos, event) {
    const list = [...(transfer?.files ?? [])];
    if (!list.length || (transfer.types.includes("text/html") && /<table|<p[\s>]/i.test(transfer.getData("text/html")))) return false;
    event.preventDefault();
    this.send(list, pos);
    return true;
  }

  send(list, pos) {
    const to = { url: this.given.upload, csrf: this.csrf, say: (kind, text) => this.say(kind, text) };
    for (const file of list) bring(this.editor, file, pos, to);
  }

  async take(make) {
    try { this.send([await make()], this.editor.state.selection.from); } catch { this.say("refused", ""); }
  }

  pastedText(text, $context, plain, view) {
    const html = !plain && tabbed(text);
    const dom = document.createElement("div");
    if (html) dom.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    else {
      for (const part of text.replace(/\r\n?/g, "\n").split(/\n[ \t]*\n+/)) {
        const p = document.createElement("p");
        part.replace(/^\n+|\n+$/g, "").split("\n").forEach((line, i) => p.append(...(i ? [document.createElement("br"), line] : [line])));
        dom.append(p);
      }
    }
    return NodeParser.fromSchema(view.state.schema).parseSlice(dom, { preserveWhitespace: true, context: $context }) ?? Slice.empty;
  }

  toSource() {
    this.reveal(false);
    this.textarea.focus();
    this.textarea.dispatchEvent(new Event("input", { bubbles: true })); // the preview beside it
  }

  async toSurface() {
    if (this.textarea.value !== this.written && !(await this.load())) { this.textarea.focus(); return; } // the preview says why
    this.reveal(true);
    this.editor.commands.focus();
  }

  reveal(rich) {
    this.root.hidden = !rich;
    this.field.classList.toggle("is-rich", rich);
    this.label?.[rich ? "removeAttribute" : "setAttribute"]("for", this.textarea.id);
    try { localStorage.setItem("editor", rich ? "rich" : "source"); } catch { /* forbidden */ }
  }
}

/** Put the surface over the textarea. Resolves to it, or to null where the text cannot be shown so. */
export async function mount(root, textarea, { csrf = "", source = false } = {}) {
  const surface = new Surface(root, textarea, csrf);
  if (!(await surface.load())) { surface.editor.destroy(); return null; }
  if (source) surface.reveal(false); else surface.reveal(true);
  root.dataset.ready = "";
  return surface;
}

export { ACTIONS };
