// A text as the server cut it (blocks of source and HTML) as a document of the editor, and back. A node at the top that
// is still what its source was parsed to gives the source back, byte for byte; every other is written afresh.
import { DOMParser as NodeParser, DOMSerializer, Fragment } from "@tiptap/pm/model";
import { block } from "./markdown.js";
import { shape } from "./shape.js";

let loads = 0;

function elementOf(html) {
  const body = new DOMParser().parseFromString(html, "text/html").body;
  for (const inner of body.querySelectorAll("pre > code")) inner.textContent = inner.textContent.replace(/\n$/, "");
  return body;
}

/** The nodes of a block; where the editor cannot hold exactly what readers see, one sealed node with the source. */
function parse(schema, { source, html, defines }) {
  if (!html) return source.trim() ? [schema.nodes.definition.create({ source })] : [];
  const dom = elementOf(html);
  const fragment = NodeParser.fromSchema(schema).parse(dom).content;
  const shown = document.implementation.createHTMLDocument("").body;
  shown.append(DOMSerializer.fromSchema(schema).serializeFragment(fragment, { document: shown.ownerDocument }));
  if (defines || shape(shown) !== shape(dom)) return [schema.nodes.opaque.create({ source, html })];
  return fragment.content;
}

/** What was loaded: for every block its source and the nodes it stands for. */
export class Origin {
  constructor(schema, given) {
    this.id = `d${(loads += 1)}`;
    this.text = given.map((each) => each.source).join("");
    this.blocks = given.map((each, i) => {
      const nodes = parse(schema, each);
      const named = nodes.map((node, k) => node.type.create({ ...node.attrs, from: `${this.id}:${i}:${k}` }, node.content, node.marks));
      return { ...each, nodes: named };
    });
    const nodes = this.blocks.flatMap((each) => each.nodes);
    this.doc = schema.topNodeType.create(null, nodes.length ? Fragment.from(nodes) : schema.nodes.paragraph.create());
    this.definitions = this.blocks.filter((each) => each.defines);
    this.written = new WeakMap();
  }

  place(node) {
    const [id, i, k] = (node.attrs.from ?? "").split(":");
    return id === this.id ? { i: Number(i), k: Number(k) } : null;
  }

  fresh(node, fenceLength) {
    if (fenceLength > 3) return block(node, { fenceLength });
    if (!this.written.has(node)) this.written.set(node, block(node));
    return this.written.get(node);
  }

  /** The Markdown of a document that began as this one. */
  toMarkdown(doc, { afresh = false } = {}) {
    if (!afresh && doc.eq(this.doc)) return this.text;
    const pieces = this.pieces(doc, afresh);
    const unclosed = pieces.some(({ source, node }) => source && node.type.name !== "codeBlock" && /^ {0,3}(```|~~~)/m.test(source));
    const fenceLength = unclosed ? Math.max(...(this.text.match(/`+/g) ?? []).map((run) => run.length)) + 1 : 3;
    let out = "", before = null;
    for (const piece of pieces) {
      const neighbours = before && before.i !== null && before.i + 1 === piece.i;
      let text = piece.source;
      if (text !== null && before && !neighbours && /^( {4}| {0,3}\t)/.test(text)) text = null;
      const kept = text !== null;
      if (!kept) {
        text = this.fresh(piece.node, fenceLength);
        if (!text) continue;
      }
      if (before && !(neighbours && kept && before.kept)) out = ended(out);
      out += text;
      if (!kept && piece.i !== null && piece.last) out += tail(this.blocks[piece.i].source);
      before = { i: piece.last ? piece.i : null, kept };
    }
    return before && !before.kept ? out.replace(/\n\s*$/, "") + tail(this.text) : out; // a blank may be all that an item has
  }

  /** The nodes at the top: each with the source it still stands for, or null. */
  pieces(doc, afresh) {
    const list = doc.content.content;
    const rewritten = afresh || this.definitions.some((each) => !list.some((node) => node.eq(each.nodes[0])));
    const found = [];
    for (let n = 0; n < list.length; n += 1) {
      const place = this.place(list[n]);
      const origin = place && this.blocks[place.i];
      const whole = origin && place.k === 0 && origin.nodes.every((node, k) => list[n + k]?.eq(node));
      if (whole && !afresh && !(rewritten && origin.refers)) {
        found.push({ source: origin.source, node: list[n], i: place.i, last: true });
        n += origin.nodes.length - 1;
      } else {
        found.push({ source: null, node: list[n], i: place?.i ?? null, last: !!origin && place.k === origin.nodes.length - 1 });
      }
    }
    return found;
  }
}

/** The blank lines a source ends with. */
function tail(source) {
  return /\s*$/.exec(source)[0].replace(/^[^\n]*/, "");
}

/** A text that something new may follow. */
function ended(text) {
  if (/\n[ \t]*\n[ \t]*$/.test(text) || !text) return text;
  return text + (text.endsWith("\n") ? "\n" : "\n\n");
}
