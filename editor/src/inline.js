// The inside of a paragraph as Markdown. Marks are flat in the editor's model and nested in Markdown: what reaches
// farthest is opened first, and all of them begin and end at words, never at blanks.
import { JOINER, address, alt, lineStart, mention, title, words } from "./escape.js";

const NESTING = ["link", "bold", "italic", "strike"]; // outermost first; code is a leaf
const SIGN = { bold: "**", italic: "*", strike: "~~" };

/** Pieces of a textblock: {text | node, marks: Map name → mark}. Texts are cut where blanks begin and end. */
function pieces(block) {
  const found = [];
  let at = 0;
  block.forEach((node) => {
    const marks = new Map(node.marks.map((mark) => [mark.type.name, mark]));
    if (!node.isText) { found.push({ node, marks, at }); at += 1; return; }
    const parts = marks.has("code") ? /^\s+|\s+$|\S(?:.*\S)?/gs : /\s+|\S+/g; // code is one piece, without the blanks around it
    for (const part of node.text.matchAll(parts)) found.push({ text: part[0], marks: new Map(marks), at: at + part.index });
    at += node.text.length;
  });
  return found;
}

const isBlank = (piece) => (piece.node ? piece.node.type.name === "hardBreak" : !/\S/.test(piece.text));
const sameMark = (a, b) => a && b && a.eq(b);

/** The place where the mark ends that lies on piece `i`; blanks do not end it. */
function reach(list, i, mark) {
  let end = i;
  for (let k = i; k < list.length; k += 1) {
    if (isBlank(list[k])) continue;
    if (!sameMark(list[k].marks.get(mark.type.name), mark)) break;
    end = k;
  }
  return end;
}

function codeSpan(text) {
  const clean = text.replace(/[ \t\n]+/g, " ").trim();
  let ticks = "`";
  while (new RegExp(`(^|[^\`])${ticks}([^\`]|$)`).test(clean)) ticks += "`";
  const pad = /^`|`$/.test(clean) ? " " : "";
  return `${ticks}${pad}${clean}${pad}${ticks}`;
}

function picture({ src, alt: words_, title: over }) {
  return `![${alt(words_ ?? "")}](${address(src ?? "")}${title(over)})`;
}

class Writer {
  constructor(list, whole, options) {
    this.list = list;
    this.whole = whole;
    this.strike = list.some(({ marks }) => marks.has("strike"));
    this.options = options;
    this.out = "";
    this.open = []; // [{mark, end}], outermost first
    this.glue = ""; // the sign a run of which ends the text so far: "open" or "close"
  }

  sign(kind, text) {
    const apart = kind === "open-apart" || (this.glue && this.glue !== kind);
    if (apart && this.out.endsWith("*") && text.startsWith("*")) this.out += JOINER;
    this.out += text;
    this.glue = kind === "close" ? "close" : "open";
  }

  text(text) {
    this.out += text;
    this.glue = "";
  }

  close(keep) {
    while (this.open.length > keep) {
      const { mark } = this.open.pop();
      if (mark.type.name === "link") this.text(`](${address(mark.attrs.href ?? "")}${title(mark.attrs.title)})`);
      else this.sign("close", SIGN[mark.type.name]);
    }
  }

  /** Close what does not go on at piece `i`, open what begins: what reaches farthest is outermost. Blanks open nothing. */
  turn(i) {
    const next = this.list.slice(i).find((piece) => !isBlank(piece));
    const marks = next?.marks ?? new Map();
    const keep = this.open.findIndex(({ mark }) => !sameMark(marks.get(mark.type.name), mark));
    if (keep >= 0) this.close(keep);
    if (next !== this.list[i]) return;
    const fresh = NESTING.map((name) => marks.get(name)).filter((mark) => mark && !this.open.some((o) => o.mark.eq(mark)));
    const wanted = fresh.map((mark) => ({ mark, end: reach(this.list, i, mark) }));
    wanted.sort((a, b) => b.end - a.end);
    let before = null;
    for (const item of wanted) {
      if (item.mark.type.name === "link") this.text("[");
      else this.sign(before && before.end !== item.end ? "open-apart" : "open", SIGN[item.mark.type.name]);
      before = item.mark.type.name === "link" ? null : item;
      this.open.push(item);
    }
  }

  piece(i) {
    const { text, node, marks, at } = this.list[i];
    const { cell } = this.options;
    if (node?.type.name === "hardBreak") { this.text(cell ? "<br>" : "\n"); return; }
    if (node?.type.name === "picture") { this.text(picture(node.attrs)); return; }
    if (node) { this.text(mention(node.attrs, cell)); return; }
    if (marks.has("code")) { this.text(codeSpan(text)); return; }
    const inLink = marks.has("link");
    const next = this.list[i + 1];
    const end = !next || (isBlank(next) && !next.marks.has("link"));
    this.text(words(text, { cell, inLink, strike: this.strike, whole: this.whole, at, last: end }));
  }

  run() {
    for (let i = 0; i < this.list.length; i += 1) { this.turn(i); this.piece(i); }
    this.close(0);
    return this.out;
  }
}

/** Its text as the server's patterns see it: code and everything that is no text is taken away before they look. */
function wordsOf(block) {
  let text = "";
  block.forEach((node) => {
    const coded = node.isText && node.marks.some((mark) => mark.type.name === "code");
    text += coded || !node.isText ? "\uFFFC".repeat(node.nodeSize) : node.text;
  });
  return text;
}

/** The Markdown of a textblock's content; lines are parted by line breaks (in a cell by `<br>`). */
export function inline(block, options = {}) {
  const list = pieces(block);
  for (const piece of list) if (piece.marks.has("code") && isBlank(piece)) piece.marks.delete("code");
  const whole = wordsOf(block);
  return new Writer(list, whole, options).run();
}

/** A paragraph: no line of it is empty or begins with a sign of Markdown. */
export function paragraph(block) {
  const lines = inline(block).split("\n").map((line) => line.replace(/^[ \t]+|[ \t]+$/g, "")).filter(Boolean);
  if (!lines.length) return "";
  lines[0] = lines[0].replace(/^\s+/, "");
  lines[lines.length - 1] = lines[lines.length - 1].replace(/\s+$/, "");
  const text = lines.filter(Boolean).map((line, i) => lineStart(line, i > 0)).join("\n");
  return text.replace(/^(?=\[[^[\]]*\]:)/gm, JOINER); // a link, which Markdown would take for a definition
}

/** One line: of a heading or a cell. */
export function oneLine(block, cell) {
  return inline(block, { cell }).replace(/\n/g, " ").replace(/^\s+|\s+$/g, "").replace(/^(?:<br>\s*)+|(?:\s*<br>)+$/g, "");
}
