// Remarks on passages: select words, press the button beside them (or m), write. A note is a row of the decision's form.
let page = null;
let button = null;
let number = 1000; // rows of the server begin at 0

/** The selected words, when they lie inside one field of the text: {field, block, quote}. */
function selected() {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
  const range = selection.getRangeAt(0);
  const block = closest(range.startContainer, "[data-field]");
  if (!block || !page.contains(block) || block !== closest(range.endContainer, "[data-field]")) return null;
  if (closest(range.startContainer, ".passage-note, form") || closest(range.startContainer, "h2, h3")) return null;
  const copy = range.cloneContents();
  for (const gone of copy.querySelectorAll("del, .sign, .sr-only, .cmp-gutter, .cmp-old, .cmp-move, .passage-note, button")) gone.remove(); // what was taken out is not there to be remarked on
  for (const end of copy.querySelectorAll("p, li, br, tr, h2, h3")) end.append(" ");
  const quote = copy.textContent.replace(/\s+/g, " ").trim();
  return quote ? { field: block.dataset.field, block, quote: [...quote].slice(0, 500).join(""), range } : null;
}

function closest(node, selector) {
  return (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)?.closest(selector) ?? null;
}

/** A note on the selected words, ready to be written; false when none are selected. */
export function remarkOnSelection() {
  const found = page && document.getElementById("decide") ? selected() : null;
  if (!found) return false;
  add(found);
  document.getSelection().removeAllRanges();
  button.hidden = true;
  return true;
}

function add({ field, block, quote }) {
  const note = page.querySelector("[data-note-template]").content.firstElementChild.cloneNode(true);
  const text = note.querySelector("textarea");
  const name = `remark-${number++}`;
  note.querySelector("blockquote").textContent = quote;
  text.name = `${name}-text`;
  text.id = text.name;
  note.querySelector("label").htmlFor = text.id;
  for (const [part, value] of [["field", field], ["quote", quote]]) {
    const hidden = Object.assign(document.createElement("input"), { type: "hidden", name: `${name}-${part}`, value });
    hidden.setAttribute("form", "decide");
    note.append(hidden);
  }
  note.querySelector("[data-drop]").addEventListener("click", () => { note.remove(); count(); });
  place(block).append(note);
  block.classList.add("has-notes");
  count();
  document.getElementById("decide").dataset.dirty = "yes";
  text.focus();
}

function place(block) {
  const known = block.querySelector(":scope > .notes");
  if (known) return known;
  const made = Object.assign(document.createElement("div"), { className: "notes" });
  block.append(made);
  return made;
}

/** How many notes go with the decision. */
function count() {
  const line = page.querySelector("[data-pending]");
  const found = page.querySelectorAll(".passage-note.is-pending").length;
  if (!line) return;
  line.hidden = !found;
  line.textContent = line.dataset.words.replace("{n}", found);
}

/** The button stands at the end of the selected words. */
function offer() {
  const found = document.getElementById("decide") ? selected() : null;
  button.hidden = !found;
  if (!found) return;
  const rects = found.range.getClientRects();
  const last = rects[rects.length - 1] ?? found.range.getBoundingClientRect();
  const root = page.getBoundingClientRect();
  const left = Math.min(Math.max(last.right - root.left - 40, 0), root.width - button.offsetWidth);
  button.style.setProperty("inset-block-start", `${last.bottom - root.top + 6}px`);
  button.style.setProperty("inset-inline-start", `${left}px`);
}

function moreRows() {
  const rows = page.querySelector("[data-remark-rows]");
  const more = page.querySelector('[data-remark-fold] button[value="more"]');
  more?.addEventListener("click", (event) => {
    event.preventDefault();
    const row = rows.lastElementChild.cloneNode(true);
    const n = number++;
    for (const part of row.querySelectorAll("[id]")) part.id = part.id.replace(/\d+/, n);
    for (const part of row.querySelectorAll("[name]")) part.name = part.name.replace(/\d+/, n);
    for (const label of row.querySelectorAll("label")) label.htmlFor = label.htmlFor.replace(/\d+/, n);
    for (const text of row.querySelectorAll("textarea")) text.value = "";
    for (const said of row.querySelectorAll(".error")) said.remove();
    rows.append(row);
    row.querySelector("select").focus();
  });
}

/** Wakes remarks on a reviewer's page. */
export function startNotes(root) {
  page = root;
  button = page.querySelector("[data-remark-button]");
  if (!button || !document.getElementById("decide")) return;
  for (const hint of page.querySelectorAll("[data-with-script]")) hint.hidden = false;
  document.addEventListener("selectionchange", () => { if (!document.activeElement?.matches("textarea, input")) offer(); });
  button.addEventListener("mousedown", (event) => event.preventDefault()); // the selection stays
  button.addEventListener("click", remarkOnSelection);
  moreRows();
}
