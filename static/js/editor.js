// The plain editor: shows how the text will look, and writes the Markdown for people who have never heard of it. What is
// typed is kept by draft.js. Without script the form saves and previews by its buttons.
import { send } from "./app.js";

const body = document.querySelector("textarea[data-body]");
const preview = document.querySelector("[data-preview]");
// Live preview. The server renders it, so that what is shown here is what readers will see, and safe in the same way.
if (body && preview) {
  const url = preview.dataset.previewUrl;
  let timer = 0;
  let turn = 0;
  async function show() {
    const mine = ++turn;
    try {
      const answer = await send("POST", url, new URLSearchParams({ text: body.value }), { Accept: "text/html" });
      if (answer.ok && mine === turn) preview.innerHTML = await answer.text();
    } catch { /* offline: the last picture stays */ }
  }
  body.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 400); });
  if (body.value.trim()) show();
}

// Toolbar: [data-wrap="**"] around the selection, [data-prefix="- "] before each line, [data-insert] as it stands.
function replace(start, end, text, from, to) {
  body.focus();
  body.setSelectionRange(start, end);
  // execCommand keeps the browser's undo; it is old, works everywhere, and has no successor.
  if (!document.execCommand("insertText", false, text)) body.setRangeText(text, start, end, "end");
  body.setSelectionRange(from, to);
  body.dispatchEvent(new Event("input", { bubbles: true }));
}

function wrap(marks, sample) {
  const { selectionStart: a, selectionEnd: b, value } = body;
  const text = value.slice(a, b) || sample;
  replace(a, b, marks + text + marks, a + marks.length, a + marks.length + text.length);
}

function prefix(mark) {
  const { selectionStart: a, selectionEnd: b, value } = body;
  const start = value.lastIndexOf("\n", a - 1) + 1;
  const stop = value.indexOf("\n", b);
  const end = stop < 0 ? value.length : stop;
  const lines = value.slice(start, end).split("\n").map((l, i) => (mark === "1. " ? `${i + 1}. ` : mark) + l).join("\n");
  replace(start, end, lines, start + lines.length, start + lines.length);
}

for (const bar of document.querySelectorAll("[data-toolbar]")) {
  bar.hidden = false;
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !body) return;
    if (button.dataset.wrap) wrap(button.dataset.wrap, button.dataset.sample ?? "");
    else if (button.dataset.prefix) prefix(button.dataset.prefix);
    else if (button.dataset.insert) {
      const text = button.dataset.insert.replaceAll("\\n", "\n");
      const { selectionStart: a, selectionEnd: b } = body;
      replace(a, b, text, a + text.length, a + text.length);
    }
  });
}
body?.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey)) return;
  if (event.key === "b") { event.preventDefault(); wrap("**", ""); }
});
