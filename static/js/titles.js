// Typing [[ in a Markdown field offers the titles of articles, ![[ those of blocks. The list stands under the field;
// arrows choose, Enter or Tab takes, Escape closes. Without script the same is typed by hand.
import { announce } from "./app.js";

const OPEN = /(!?)\[\[([^[\]|\n]{0,80})$/;
const help = document.querySelector("[data-titles-url]");
let asked = 0;

/** The titles a person may read that hold what is typed. Any editor may use it: items of {title, insert, kind_label, note}. */
export async function titlesLike(text, { blocks = false } = {}) {
  const address = new URL(help.dataset.titlesUrl, location.href);
  address.search = new URLSearchParams({ q: text, blocks: blocks ? "1" : "0" }).toString();
  const answer = await fetch(address, { credentials: "same-origin", headers: { Accept: "application/json" } });
  return answer.ok ? (await answer.json()).items : [];
}

function watch(field, number) {
  const list = document.createElement("ul");
  list.id = `titles-${number}`;
  list.className = "title-offers";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", help.dataset.titlesWords);
  field.after(list);
  let items = [];
  let at = 0;
  let timer = 0;

  const before = () => (field.selectionStart === field.selectionEnd ? field.value.slice(0, field.selectionStart).match(OPEN) : null);

  function close() {
    clearTimeout(timer);
    asked += 1;
    list.hidden = true;
    items = [];
    field.removeAttribute("aria-activedescendant");
  }

  function choose(next) {
    at = (next + items.length) % items.length;
    [...list.children].forEach((row, n) => row.setAttribute("aria-selected", String(n === at)));
    field.setAttribute("aria-activedescendant", `${list.id}-${at}`);
    list.children[at].scrollIntoView({ block: "nearest" });
  }

  function show(found) {
    items = found;
    list.replaceChildren(...found.map((item, n) => {
      const row = document.createElement("li");
      row.id = `${list.id}-${n}`;
      row.setAttribute("role", "option");
      const title = document.createElement("span");
      title.textContent = item.title;
      const kind = document.createElement("span");
      kind.className = "muted tiny";
      kind.textContent = [item.kind_label, item.note].filter(Boolean).join(" · ");
      row.append(title, kind);
      row.addEventListener("mousedown", (event) => { event.preventDefault(); take(n); });
      return row;
    }));
    list.hidden = found.length === 0;
    announce(found.length ? help.dataset.titlesCount.replace("{n}", found.length) : help.dataset.titlesNone);
    if (found.length) choose(0);
  }

  function take(n) {
    const found = before();
    if (!found || !items[n]) return close();
    const end = field.selectionStart;
    const after = field.value.slice(end).startsWith("]]") ? end + 2 : end;
    field.setRangeText(`${items[n].insert}]]`, end - found[2].length, after, "end");
    close();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function look() {
    const found = before();
    if (!found) return close();
    clearTimeout(timer);
    const mine = ++asked;
    timer = setTimeout(async () => {
      try {
        const items = await titlesLike(found[2], { blocks: found[1] === "!" });
        if (mine === asked) show(items);
      } catch { /* the network is gone: the title is typed by hand */ }
    }, 150);
  }

  field.addEventListener("input", look);
  if (document.activeElement === field) look(); // somebody was quicker than this script
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); choose(at + (event.key === "ArrowDown" ? 1 : -1)); }
    else if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); take(at); }
    else if (event.key === "Escape") { event.preventDefault(); close(); }
  });
  field.addEventListener("blur", close);
}

if (help) document.querySelectorAll(".edit-form textarea").forEach(watch);
