// Keeps a document within what Markdown can say: lists of one kind that meet are one list, tables have one row of heads
// and no merged cells. Runs after every change, as part of it.
import { Extension } from "@tiptap/core";
import { Plugin } from "@tiptap/pm/state";
import { canJoin } from "@tiptap/pm/transform";

const isList = (node) => node && /List$/.test(node.type.name);

function fixTable(tr, table, pos, { nodes }) {
  table.forEach((row, rowAt, r) => row.forEach((cell, cellAt) => {
    const type = r ? nodes.tableCell : nodes.tableHeader;
    const plain = cell.attrs.colspan === 1 && cell.attrs.rowspan === 1;
    if (cell.type !== type || !plain) {
      tr.setNodeMarkup(pos + 1 + rowAt + 1 + cellAt, type, { ...cell.attrs, colspan: 1, rowspan: 1 });
    }
  }));
}

/** A list whose item holds more than a paragraph and its lists is loose; one item with one paragraph is not. */
function looseness(list) {
  let parts = 0, apart = false;
  list.forEach((item) => {
    parts += item.childCount;
    item.forEach((child, _, i) => { if (i && !isList(child)) apart = true; });
  });
  return apart || (list.attrs.loose && parts > 1);
}

function tidy(state) {
  const { tr, schema } = state;
  const joints = [];
  state.doc.descendants((node, pos, parent, index) => {
    if (node.type.name === "table") { fixTable(tr, node, pos, schema); return false; }
    if (isList(node)) {
      if (index > 0 && parent.child(index - 1).type === node.type) joints.push(pos);
      const loose = looseness(node);
      if (loose !== node.attrs.loose) tr.setNodeMarkup(pos, null, { ...node.attrs, loose });
    }
    return !node.isTextblock;
  });
  for (const pos of joints.reverse()) if (canJoin(tr.doc, pos)) tr.join(pos);
  return tr.docChanged ? tr : null;
}

export const Normal = Extension.create({
  name: "normal",
  addProseMirrorPlugins: () => [
    new Plugin({
      appendTransaction: (transactions, _, state) =>
        (transactions.some((each) => each.docChanged && !each.getMeta("loaded")) ? tidy(state) : null),
    }),
  ],
});
