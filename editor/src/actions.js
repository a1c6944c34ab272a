// What the buttons and keys do. Each action: run(editor), and for buttons that show a state: on(editor), can(editor).
import { Extension, InputRule, textblockTypeInputRule, wrappingInputRule } from "@tiptap/core";
import { lift, setBlockType, wrapIn } from "@tiptap/pm/commands";
import { TextSelection } from "@tiptap/pm/state";

const mark = (name) => ({
  run: (editor) => editor.chain().focus().toggleMark(name).run(),
  on: (editor) => editor.isActive(name),
  can: (editor) => editor.can().toggleMark(name),
});

const pure = (editor, command) => { editor.view.focus(); return command(editor.state, editor.view.dispatch); };

const heading = (level) => ({
  run: (editor) => pure(editor, editor.isActive("heading", { level })
    ? setBlockType(editor.schema.nodes.paragraph) : setBlockType(editor.schema.nodes.heading, { level })),
  on: (editor) => editor.isActive("heading", { level }),
});

/** The quotation around the selection, or null. */
function around(state) {
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    if ($from.node(depth).type.name === "quote") return { node: $from.node(depth), pos: $from.before(depth) };
  }
  return null;
}

const quote = (kind) => ({
  run(editor) {
    const found = around(editor.state);
    if (!found) return pure(editor, wrapIn(editor.schema.nodes.quote, { kind }));
    if (found.node.attrs.kind === kind) return pure(editor, lift);
    return pure(editor, (state, dispatch) => { dispatch(state.tr.setNodeMarkup(found.pos, null, { ...found.node.attrs, kind })); return true; });
  },
  on: (editor) => { const found = around(editor.state); return !!found && found.node.attrs.kind === kind; },
});

const list = (name) => ({
  run: (editor) => editor.chain().focus().toggleList(name, "listItem").run(),
  on: (editor) => editor.isActive(name),
});

const table = (command) => ({ run: (editor) => editor.chain().focus()[command]().run(), can: (editor) => editor.can()[command]() });

/** A table of three columns, or deleted rows and columns keep one row of heads: see normal.js. */
function insertTable(editor) {
  return editor.chain().focus().insertTable({ rows: 3, cols: 3, withHeaderRow: true }).run();
}

/** Alignment belongs to a column. */
function align(editor, value) {
  const { state } = editor;
  const { $from } = state.selection;
  for (let depth = $from.depth; depth > 1; depth -= 1) {
    if ($from.node(depth).type.name !== "table") continue;
    const column = $from.index(depth + 1), start = $from.start(depth), { tr } = state;
    $from.node(depth).forEach((row, offset) => {
      let at = start + offset + 1;
      row.forEach((cell, _, c) => {
        if (c === column) tr.setNodeMarkup(at, null, { ...cell.attrs, align: cell.attrs.align === value ? null : value });
        at += cell.nodeSize;
      });
    });
    editor.view.dispatch(tr);
    editor.view.focus();
    return;
  }
}

export const ACTIONS = {
  undo: { run: (editor) => editor.chain().focus().undo().run(), can: (editor) => editor.can().undo() },
  redo: { run: (editor) => editor.chain().focus().redo().run(), can: (editor) => editor.can().redo() },
  paragraph: {
    run: (editor) => pure(editor, setBlockType(editor.schema.nodes.paragraph)),
    on: (editor) => editor.isActive("paragraph") && !editor.isActive("quote"),
  },
  h2: heading(2), h3: heading(3),
  bold: mark("bold"), italic: mark("italic"), strike: mark("strike"), code: mark("code"),
  bullet: list("bulletList"), numbered: list("orderedList"),
  quote: quote(null),
  note: quote("note"), tip: quote("tip"), warning: quote("warning"),
  customer: quote("customer"), say: quote("say"), avoid: quote("avoid"),
  table: { run: insertTable, can: (editor) => !editor.isActive("table") },
  rule: {
    run: (editor) => editor.chain().focus().insertContent([{ type: "rule" }, { type: "paragraph" }]).run(),
    can: (editor) => !editor.isActive("table"),
  },
  rowBefore: table("addRowBefore"), rowAfter: table("addRowAfter"), rowAway: table("deleteRow"),
  columnBefore: table("addColumnBefore"), columnAfter: table("addColumnAfter"), columnAway: table("deleteColumn"),
  tableAway: table("deleteTable"),
  left: { run: (editor) => align(editor, "left") }, center: { run: (editor) => align(editor, "center") }, right: { run: (editor) => align(editor, "right") },
};

/** A line break; where the line is empty already, a new paragraph. */
function newLine(editor) {
  const { $from, empty } = editor.state.selection;
  if ($from.parent.type.name === "codeBlock") return editor.commands.newlineInCode();
  if (!$from.parent.type.contentMatch.matchType(editor.schema.nodes.hardBreak)) return editor.commands.splitBlock();
  const doubled = empty && ($from.parentOffset === 0 || $from.nodeBefore?.type.name === "hardBreak");
  if (doubled && !editor.isActive("table")) return editor.commands.splitBlock();
  return editor.commands.insertContent({ type: "hardBreak" });
}

export const Keys = Extension.create({
  name: "keys",
  priority: 900,
  addKeyboardShortcuts() {
    const does = (name) => () => { ACTIONS[name].run(this.editor); return true; };
    return {
      "Mod-b": does("bold"), "Mod-i": does("italic"), "Mod-Shift-s": does("strike"), "Mod-e": does("code"),
      "Mod-Alt-0": does("paragraph"), "Mod-Alt-2": does("h2"), "Mod-Alt-3": does("h3"),
      "Mod-Shift-7": does("numbered"), "Mod-Shift-8": does("bullet"), "Mod-Shift-9": does("quote"),
      "Shift-Enter": () => newLine(this.editor), "Mod-Enter": () => newLine(this.editor),
      Enter: () => this.editor.isActive("table") && newLine(this.editor),
      "Mod-k": () => { this.editor.emit("wantsLink"); return true; },
      Backspace: () => backspace(this.editor),
    };
  },
  addInputRules() {
    const { schema } = this.editor;
    return [
      ...[2, 3].map((level) => textblockTypeInputRule({
        find: new RegExp(`^#{${level}}\\s$`), type: schema.nodes.heading, getAttributes: { level },
      })),
      wrappingInputRule({ find: /^\s*>\s$/, type: schema.nodes.quote }),
      new InputRule({
        find: /\[\[([^[\]|\n]{1,200})(?:\|([^[\]\n]{1,300}))?\]\]$/,
        handler: ({ state, range, match }) => {
          state.tr.replaceWith(range.from, range.to, schema.nodes.articleLink.create({ to: match[1].trim(), words: match[2]?.trim() ?? null }));
        },
      }),
    ];
  },
});

/** At the very beginning of a heading or a quotation, Backspace makes it ordinary text first. */
function backspace(editor) {
  const { $from, empty } = editor.state.selection;
  if (!empty || $from.parentOffset) return false;
  if ($from.parent.type.name === "heading") return ACTIONS.paragraph.run(editor);
  const parent = $from.node(-1);
  return parent?.type.name === "quote" && $from.index(-1) === 0 && pure(editor, lift);
}

/** Put the cursor at the end of the document's last textblock. */
export function toEnd(editor) {
  editor.view.dispatch(editor.state.tr.setSelection(TextSelection.atEnd(editor.state.doc)));
}
