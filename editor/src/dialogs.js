// Two small questions: where a link leads (an address, or the title of an article), and what a picture shows.

function ask(dialog, first) {
  return new Promise((resolve) => {
    const end = (answer) => { dialog.close(answer); };
    const keys = (event) => {
      event.stopPropagation();
      if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); end("ok"); }
    };
    const click = (event) => { const button = event.target.closest("[data-answer]"); if (button) end(button.dataset.answer); };
    const quiet = (event) => event.stopPropagation(); // its fields are not the form's
    dialog.returnValue = "";
    dialog.addEventListener("keydown", keys);
    dialog.addEventListener("click", click);
    dialog.addEventListener("input", quiet);
    dialog.addEventListener("close", () => {
      dialog.removeEventListener("keydown", keys);
      dialog.removeEventListener("click", click);
      dialog.removeEventListener("input", quiet);
      resolve(dialog.returnValue);
    }, { once: true });
    dialog.showModal();
    first.focus();
    first.select();
  });
}

/** Titles of articles while one is typed. */
function suggest(input, url) {
  let timer = 0, turn = 0;
  input.oninput = () => {
    clearTimeout(timer);
    const typed = input.value.trim();
    if (!url || typed.length < 2 || /^[a-z]+:/i.test(typed)) return;
    timer = setTimeout(async () => {
      const mine = ++turn;
      try {
        const answer = await fetch(`${url}?${new URLSearchParams({ q: typed })}`, { headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok || mine !== turn) return;
        const { items } = await answer.json();
        document.getElementById(input.getAttribute("list")).replaceChildren(...items.map(({ title }) => new Option(title, title)));
      } catch { /* only a help */ }
    }, 200);
  };
}

/** An address as people type it: with a scheme, a domain, a mail address or a telephone number. */
export function addressOf(text) {
  if (/^(https?:\/\/|mailto:|tel:|\/)\S/i.test(text)) return text;
  if (/^[^\s@/]+@[^\s@/]+\.\w{2,}$/.test(text)) return `mailto:${text}`;
  if (/^(www\.|[\w-]+(\.[\w-]+)+(\/|$))\S*$/i.test(text)) return `https://${text}`;
  return null;
}

/** The mark around the cursor, as a range. */
function rangeOf(editor) {
  editor.chain().focus().extendMarkRange("link").run();
  return editor.state.selection;
}

export async function link(editor, dialog, url) {
  const node = editor.state.selection.node;
  const mention = node?.type.name === "articleLink" ? node.attrs : null;
  const { from, to } = mention ? editor.state.selection : rangeOf(editor);
  const [where, words] = dialog.querySelectorAll("input");
  const old = mention?.to ?? editor.getAttributes("link").href ?? "";
  where.value = old;
  words.value = mention ? mention.words ?? mention.to : editor.state.doc.textBetween(from, to, " ");
  dialog.querySelector("[data-answer=away]").hidden = !old;
  suggest(where, url);
  const answer = await ask(dialog, where);
  const target = where.value.trim(), text = words.value.trim();
  const chain = editor.chain().focus().setTextSelection({ from, to });
  if (answer === "away") {
    if (mention) chain.insertContentAt({ from, to }, mention.words ?? mention.to).run(); else chain.unsetMark("link").run();
  } else if (answer === "ok" && target) {
    const href = addressOf(target);
    const content = href
      ? { type: "text", text: text || target, marks: [{ type: "link", attrs: { href } }] }
      : { type: "articleLink", attrs: { to: target, words: text && text !== target ? text : null } };
    const same = href && from < to && text === editor.state.doc.textBetween(from, to, " ");
    if (same) chain.setMark("link", { href }).setTextSelection(to).run();
    else chain.insertContentAt({ from, to }, content).run();
  } else editor.commands.focus();
}

export async function alt(editor, dialog) {
  const { node } = editor.state.selection;
  if (node?.type.name !== "picture") return;
  const [words] = dialog.querySelectorAll("input");
  words.value = node.attrs.alt ?? "";
  if ((await ask(dialog, words)) === "ok") editor.chain().focus().updateAttributes("picture", { alt: words.value.trim() || null }).run();
}
