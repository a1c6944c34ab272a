// What a document may hold: exactly what the server makes of our dialect, and nothing else.
import { Extension, Mark, Node, mergeAttributes } from "@tiptap/core";
import { BulletList, ListItem, ListKeymap, OrderedList } from "@tiptap/extension-list";
import { Table, TableCell, TableHeader, TableRow } from "@tiptap/extension-table";

export const KINDS = ["note", "tip", "warning", "customer", "say", "avoid"];
const LINES = ["customer", "say", "avoid"];
const TOP = ["paragraph", "heading", "quote", "bulletList", "orderedList", "codeBlock", "table", "rule", "embed", "definition", "opaque"];

/** An attribute as written; the library would make a number of "10086". */
const written = (name, value = null) => ({ default: value, parseHTML: (element) => element.getAttribute(name) ?? value });

const Doc = Node.create({ name: "doc", topNode: true, content: "block+" });
const Text = Node.create({ name: "text", group: "inline span" });

const Paragraph = Node.create({
  name: "paragraph", priority: 1000, group: "block", content: "inline*",
  parseHTML: () => [{ tag: "p" }],
  renderHTML: () => ["p", 0],
});

const Heading = Node.create({
  name: "heading", group: "block", content: "span*", defining: true,
  addAttributes: () => ({ level: { default: 2, rendered: false } }),
  parseHTML: () => [1, 2, 3, 4, 5, 6].map((level) => ({ tag: `h${level}`, attrs: { level } })),
  renderHTML: ({ node }) => [`h${node.attrs.level}`, 0],
});

const Quote = Node.create({
  name: "quote", group: "block", content: "block+", defining: true,
  addAttributes: () => ({ kind: { default: null, rendered: false } }),
  parseHTML: () => [{
    tag: "blockquote",
    getAttrs: (element) => ({ kind: KINDS.find((kind) => element.classList.contains(`is-${kind}`)) ?? null }),
  }],
  renderHTML: ({ node: { attrs: { kind } } }) =>
    (kind ? ["blockquote", { class: `${LINES.includes(kind) ? "script-line" : "callout"} is-${kind}` }, 0] : ["blockquote", 0]),
});

const CodeBlock = Node.create({
  name: "codeBlock", group: "block", content: "text*", marks: "", code: true, defining: true,
  addAttributes: () => ({ language: { default: null, rendered: false } }),
  parseHTML: () => [{
    tag: "pre", preserveWhitespace: "full",
    getAttrs: (element) => ({ language: /language-(\S+)/.exec(element.querySelector("code")?.className ?? "")?.[1] ?? null }),
  }],
  renderHTML: ({ node: { attrs: { language } } }) => ["pre", ["code", language ? { class: `language-${language}` } : {}, 0]],
});

const Rule = Node.create({
  name: "rule", group: "block", selectable: true,
  parseHTML: () => [{ tag: "hr" }],
  renderHTML: () => ["hr"],
});

const HardBreak = Node.create({
  name: "hardBreak", group: "inline", inline: true, selectable: false, linebreakReplacement: true,
  parseHTML: () => [{ tag: "br" }],
  renderHTML: () => ["br"],
  renderText: () => "\n",
});

const Picture = Node.create({
  name: "picture", group: "inline span", inline: true, draggable: true,
  addAttributes: () => ({ src: written("src", ""), alt: written("alt"), title: written("title") }),
  parseHTML: () => [{ tag: "img[src]" }],
  renderHTML: ({ HTMLAttributes }) => ["img", mergeAttributes(HTMLAttributes)],
  renderText: ({ node }) => node.attrs.alt ?? "",
});

/** `[[Title]]`, `[[Title|words]]`: a link that finds its article by the title. */
const ArticleLink = Node.create({
  name: "articleLink", group: "inline span", inline: true, atom: true,
  addAttributes: () => ({
    to: written("to", ""),
    words: { default: null, rendered: false, parseHTML: (e) => (e.textContent === e.getAttribute("to") ? null : e.textContent) },
  }),
  parseHTML: () => [{ tag: "wiki-link[to]" }],
  renderHTML: ({ node, HTMLAttributes }) => ["wiki-link", HTMLAttributes, node.attrs.words ?? node.attrs.to],
  renderText: ({ node }) => node.attrs.words ?? node.attrs.to,
});

/** `![[Title]]`: a reusable block that is shown here. */
const Embed = Node.create({
  name: "embed", group: "block", atom: true, selectable: true,
  addAttributes: () => ({ of: written("of", "") }),
  parseHTML: () => [{ tag: "wiki-block[of]" }],
  renderHTML: ({ HTMLAttributes }) => ["wiki-block", HTMLAttributes],
});

/** `[name]: address` – readers see nothing of it, so it is shown small and moved or removed as a whole. */
const Definition = Node.create({
  name: "definition", group: "block", atom: true, selectable: true,
  addAttributes: () => ({ source: { default: "", rendered: false } }),
  renderHTML: ({ node }) => ["div", { class: "rich-definition" }, node.attrs.source.trim()],
});

/** Something the surface cannot take apart: shown as readers see it, changed in the source. */
const Opaque = Node.create({
  name: "opaque", group: "block", atom: true, selectable: true,
  addAttributes: () => ({ source: { default: "", rendered: false }, html: { default: "", rendered: false } }),
  renderHTML: ({ node }) => ["div", { class: "rich-opaque" }, node.attrs.source],
  addNodeView: () => ({ node }) => {
    const dom = document.createElement("div");
    dom.className = "rich-opaque";
    // cleaned by the server, parsed without running anything
    dom.append(...new DOMParser().parseFromString(node.attrs.html, "text/html").body.childNodes);
    return { dom };
  },
});

const item = (extension) => extension.extend({
  addAttributes() {
    return {
      ...(this.name === "orderedList" ? { start: { default: 1, parseHTML: (e) => Number(e.getAttribute("start") ?? 1) } } : {}),
      loose: { default: false, rendered: false, parseHTML: (e) => [...e.children].some((li) => [...li.children].some((c) => c.nodeName === "P")) },
    };
  },
  renderHTML({ node }) {
    if (this.name === "bulletList") return ["ul", node.attrs.loose ? {} : { class: "is-tight" }, 0];
    return ["ol", { ...(node.attrs.start === 1 ? {} : { start: node.attrs.start }), ...(node.attrs.loose ? {} : { class: "is-tight" }) }, 0];
  },
});

const mark = (name, tags, tag, more = {}) => Mark.create({
  name, parseHTML: () => tags.map((each) => ({ tag: each })), renderHTML: () => [tag, 0], ...more,
});

const Link = Mark.create({
  name: "link", priority: 1001, inclusive: false, exitable: true,
  addAttributes: () => ({ href: written("href", ""), title: written("title") }),
  parseHTML: () => [{ tag: "a[href]" }],
  renderHTML: ({ HTMLAttributes }) => ["a", HTMLAttributes, 0],
});

const cell = (extension, tag) => extension.extend({
  content: "paragraph",
  addAttributes: () => ({
    colspan: { default: 1, rendered: false, parseHTML: (e) => Number(e.getAttribute("colspan") ?? 1) },
    rowspan: { default: 1, rendered: false, parseHTML: (e) => Number(e.getAttribute("rowspan") ?? 1) },
    colwidth: { default: null, rendered: false },
    align: { default: null, parseHTML: (e) => (["left", "center", "right"].includes(e.getAttribute("align")) ? e.getAttribute("align") : null) },
  }),
  renderHTML: ({ HTMLAttributes }) => [tag, HTMLAttributes, 0],
});

const PlainTable = Table.extend({ addNodeView: () => null, renderHTML: () => ["table", ["tbody", 0]] }).configure({ resizable: false });

/** Where a node at the top came from; see document.js. */
const Provenance = Extension.create({
  name: "provenance",
  addGlobalAttributes: () => [{ types: TOP, attributes: { from: { default: null, rendered: false, keepOnSplit: false } } }],
});

export const SCHEMA = [
  Doc, Text, Paragraph, Heading, Quote, CodeBlock, Rule, HardBreak, Picture, ArticleLink, Embed, Definition, Opaque,
  item(BulletList), item(OrderedList), ListItem, ListKeymap,
  PlainTable, TableRow, cell(TableHeader, "th"), cell(TableCell, "td"),
  Link, mark("bold", ["strong", "b"], "strong"), mark("italic", ["em", "i"], "em"),
  mark("strike", ["del", "s", "strike"], "del"), mark("code", ["code"], "code", { code: true, exitable: true }),
  Provenance,
];
