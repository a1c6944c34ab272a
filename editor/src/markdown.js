// The one canonical form of the dialect: a node of the editor as Markdown (docs/dialect.md). Nothing here parses.
import { articleTitle } from "./escape.js";
import { oneLine, paragraph } from "./inline.js";

const BLANK = "&nbsp;"; // a paragraph that only keeps two things apart

/** How long a fence must be so that nothing in the code ends it, and none in `others` is like it. */
function fence(text, least) {
  let length = Math.max(3, least);
  for (const run of text.match(/`{3,}/g) ?? []) length = Math.max(length, run.length + 1);
  return "`".repeat(length);
}

function code(node, { nested, fenceLength }) {
  const text = node.textContent.replace(/\r/g, "");
  if (nested) return text.replace(/^\n+|\s+$/g, "").split("\n").map((line) => (line ? `    ${line}` : "")).join("\n");
  const mark = fence(text, fenceLength ?? 3);
  return `${mark}${node.attrs.language ?? ""}\n${text ? `${text}\n` : ""}${mark}`;
}

function table(node) {
  const rows = [];
  node.forEach((row) => {
    const cells = [];
    row.forEach((cell) => cells.push(cell.firstChild ? oneLine(cell.firstChild, true) : ""));
    rows.push(cells);
  });
  const width = Math.max(...rows.map((row) => row.length), 1);
  const aligned = Array.from({ length: width }, (_, i) => {
    const align = node.firstChild.maybeChild(i)?.attrs.align;
    return { left: ":--", center: ":-:", right: "--:" }[align] ?? "---";
  });
  const line = (cells) => `| ${Array.from({ length: width }, (_, i) => cells[i] ?? "").join(" | ")} |`;
  return [line(rows[0]), line(aligned), ...rows.slice(1).map(line)].join("\n");
}

function quote(node, options) {
  const inside = blocks(node, { ...options, nested: true, item: false });
  const lines = inside ? inside.split("\n") : [];
  if (node.attrs.kind) lines.unshift(`[!${node.attrs.kind}]`);
  return (lines.length ? lines : [""]).map((line) => (line ? `> ${line}` : ">")).join("\n");
}

function list(node, options) {
  const ordered = node.type.name === "orderedList";
  const items = [];
  node.forEach((item, _, i) => {
    const text = blocks(item, { ...options, nested: true, item: true, loose: node.attrs.loose }) || BLANK;
    items.push({ text, marker: ordered ? `${(node.attrs.start ?? 1) + i}. ` : "- ", apart: apart(item) });
  });
  const blanks = (i) => /\n[ \t]*\n/.test(items[i].text);
  const loose = node.attrs.loose || items.some((item, i) => item.apart || (i < items.length - 1 && blanks(i)));
  const written = items.map(({ text, marker }) => {
    const lines = text.split("\n");
    return marker + lines.map((line, i) => (i && line ? `    ${line}` : line)).join("\n");
  });
  return written.join(loose ? "\n\n" : "\n");
}

/** The item has parts between which Markdown wants a blank line. */
function apart(item) {
  for (let i = 1; i < item.childCount; i += 1) if (!together(item.child(i - 1), item.child(i))) return true;
  return false;
}

function together(before, after) {
  return before.type.name === "paragraph" && isList(after);
}

const isList = (node) => /List$/.test(node.type.name);

/** One node, written afresh. */
export function block(node, options = {}) {
  switch (node.type.name) {
    case "paragraph": return paragraph(node);
    case "heading": return `${"#".repeat(node.attrs.level)} ${oneLine(node).replace(/#+$/, (run) => run.replace(/#/g, "\\#"))}`.trimEnd();
    case "codeBlock": return code(node, options);
    case "table": return table(node);
    case "quote": return quote(node, options);
    case "bulletList": case "orderedList": return list(node, options);
    case "rule": return "---";
    case "embed": return `![[${articleTitle(node.attrs.of)}]]`;
    case "definition": case "opaque": return node.attrs.source.replace(/^\n+/, "").replace(/\n\s*$/, "");
    default: throw new Error(`no Markdown for ${node.type.name}`);
  }
}

/** All children of a container. Empty paragraphs are not written. */
export function blocks(parent, options = {}) {
  let out = "", before = null;
  parent.forEach((node) => {
    const text = block(node, options);
    if (!text && (node.type.name === "paragraph" || node.type.name === "codeBlock")) {
      if (options.item && !before) { out = BLANK; before = node; }
      return;
    }
    if (!before) {
      const held = options.item && node.type.name !== "paragraph";
      out = held ? `${BLANK}\n\n${text}` : text;
    } else {
      const swallowed = options.nested && node.type.name === "codeBlock" && (isList(before) || before.type.name === "codeBlock");
      const gap = options.item && !options.loose && together(before, node) ? "\n" : "\n\n";
      out += `${swallowed ? `\n\n${BLANK}` : ""}${gap}${text}`;
    }
    before = node;
  });
  return out;
}
