// Pictures and documents on their way to the server. The place they are meant for moves with the text meanwhile; what is
// refused is said, and the text stays as it is.
import { Extension } from "@tiptap/core";
import { Plugin, PluginKey } from "@tiptap/pm/state";
import { Decoration, DecorationSet } from "@tiptap/pm/view";

const key = new PluginKey("arrivals");

export const Arrivals = Extension.create({
  name: "arrivals",
  addProseMirrorPlugins: () => [
    new Plugin({
      key,
      state: {
        init: () => DecorationSet.empty,
        apply(tr, set) {
          const moved = set.map(tr.mapping, tr.doc);
          const { add, remove } = tr.getMeta(key) ?? {};
          if (add) return moved.add(tr.doc, [Decoration.widget(add.pos, add.dom, { id: add.id })]);
          return remove ? moved.remove(moved.find(null, null, (spec) => spec.id === remove)) : moved;
        },
      },
      props: { decorations(state) { return this.getState(state); } },
    }),
  ],
});

function waiting(name) {
  const dom = document.createElement("span");
  dom.className = "rich-arriving";
  dom.textContent = name;
  return dom;
}

/** Words for a picture from the name of its file, where somebody gave it one. */
function wordsFor(name) {
  const stem = name.replace(/\.\w+$/, "");
  return /^(image|img|图像|图片|screenshot|截图|clipboard|unnamed)?[\s_\-\d()]*$/i.test(stem) ? null : stem;
}

/** Send one file and put it where `pos` has moved to. Resolves when it is there or was refused. */
export async function bring(editor, file, pos, { url, csrf, say }) {
  const id = {};
  const { view, schema } = editor;
  view.dispatch(view.state.tr.setMeta(key, { add: { id, pos, dom: waiting(file.name) } }));
  say("sending", file.name);
  const body = new FormData();
  body.append("file", file, file.name);
  let answer = null, given = {};
  try {
    answer = await fetch(url, { method: "POST", body, credentials: "same-origin", headers: { "X-CSRFToken": csrf, Accept: "application/json" } });
    given = await answer.json();
  } catch { /* no connection, or no JSON: said below */ }
  if (editor.isDestroyed) return;
  const [found] = key.getState(view.state).find(null, null, (spec) => spec.id === id);
  const { tr } = view.state;
  tr.setMeta(key, { remove: id });
  if (answer?.ok && given.url && found) {
    const picture = /^image\//.test(given.media_type ?? file.type);
    const node = picture
      ? schema.nodes.picture.create({ src: given.url, alt: wordsFor(given.name ?? file.name) })
      : schema.text(given.name ?? file.name, [schema.marks.link.create({ href: given.url })]);
    tr.insert(found.from, node);
    say("", "");
  } else {
    say("refused", Object.values(given.errors ?? {})[0] ?? given.detail ?? "");
  }
  view.dispatch(tr);
}

/** A picture that came inside pasted HTML. */
export async function fileOf(data) {
  const [head, coded] = data.split(",", 2);
  const type = /^data:([\w/+.-]+)/i.exec(head)?.[1] ?? "image/png";
  const bytes = Uint8Array.from(atob(coded), (letter) => letter.charCodeAt(0));
  return new File([bytes], `image.${type.split("/")[1].replace(/\W.*/, "").replace("jpeg", "jpg")}`, { type });
}
