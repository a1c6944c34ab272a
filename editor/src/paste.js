// What comes from Word, Excel and web pages, reduced to what a document may hold. Looks are dropped, structure is kept.
const GONE = "style,script,meta,link,title,xml,head,object,iframe,svg,canvas,form input,button,select,textarea,noscript";
const SEMANTIC = { bold: "strong", italic: "em", strike: "del" };

function unwrap(element) {
  element.replaceWith(...element.childNodes);
}

function rename(element, tag) {
  const made = document.createElement(tag);
  made.append(...element.childNodes);
  element.replaceWith(made);
  return made;
}

function marksOf(style, tag) {
  const found = [];
  if (/font-weight:\s*(bold|[6-9]00)/i.test(style) && !/^(B|STRONG|H\d|TH)$/.test(tag)) found.push("bold");
  if (/font-style:\s*italic/i.test(style) && !/^(I|EM)$/.test(tag)) found.push("italic");
  if (/text-decoration[^;]*line-through/i.test(style) && !/^(S|DEL|STRIKE)$/.test(tag)) found.push("strike");
  return found;
}

/** Bold and italic that are only a style become elements; then all styles, classes and wrappers go. */
function looks(body) {
  for (const element of body.querySelectorAll("[data-look]")) {
    const style = element.dataset.look;
    if (/^(B|STRONG)$/.test(element.tagName) && /font-weight:\s*(normal|400)/i.test(style)) { unwrap(element); continue; }
    if (!/^(SPAN|FONT|A|U|EM|I|B|STRONG)$/.test(element.tagName)) continue;
    for (const name of marksOf(style, element.tagName)) {
      const inner = document.createElement(SEMANTIC[name]);
      inner.append(...element.childNodes);
      element.append(inner);
    }
  }
  for (const element of body.querySelectorAll("span,font,u,ins,big,small,label,abbr")) unwrap(element);
  for (const element of body.querySelectorAll("*")) if (element.nodeName.includes(":")) unwrap(element); // o:p and the like
}

const LISTED = /mso-list:\s*l(\d+)\s+level(\d+)/i;

/** Word writes lists as paragraphs with a bullet in them. */
function wordLists(body) {
  let stack = [];
  for (const p of [...body.querySelectorAll("p")]) {
    const found = LISTED.exec(p.dataset.look ?? "");
    if (!found) { stack = []; continue; }
    const level = Number(found[2]);
    const bullet = [...p.querySelectorAll("[data-look*='mso-list:Ignore'],[data-look*='mso-list: Ignore']")];
    const ordered = /^[\s(（]*(\d+|[a-z]|[一二三四五六七八九十]+)[.、)）]/i.test(bullet[0]?.textContent ?? p.textContent);
    for (const mark of bullet) mark.remove();
    if (stack.length && stack[0].previous !== p.previousElementSibling) stack = [];
    while (stack.length > level) stack.pop();
    while (stack.length < level) {
      const list = document.createElement(ordered ? "ol" : "ul");
      const holder = stack.at(-1)?.list.lastElementChild;
      if (holder) holder.append(list); else p.before(list);
      stack.push({ list });
    }
    const item = document.createElement("li");
    item.append(...p.childNodes);
    stack.at(-1).list.append(item);
    p.remove();
    stack[0].previous = stack[0].list;
  }
}

/** The content of a cell as one run of words; what was a block ends with a line break. */
function flatCell(cell) {
  for (const inner of [...cell.querySelectorAll("table")].reverse()) {
    const lines = [...inner.querySelectorAll("tr")].map((tr) => [...tr.children].map((td) => td.textContent.trim()).filter(Boolean).join(" "));
    inner.replaceWith(...lines.filter(Boolean).flatMap((line) => [document.createTextNode(line), document.createElement("br")]));
  }
  for (const block of [...cell.querySelectorAll("p,div,li,ul,ol,h1,h2,h3,h4,h5,h6,blockquote,pre")].reverse()) {
    if (block.textContent.trim() && block.nextSibling) block.after(document.createElement("br"));
    unwrap(block);
  }
  const kept = () => [...cell.childNodes].filter((node) => node.nodeType === 1 || node.data?.trim());
  while (kept().at(-1)?.nodeName === "BR") kept().at(-1).remove();
}

/** Every row has the same number of cells; what was merged stands in the first cell of its place. */
function grid(table) {
  const rows = [...table.rows];
  const taken = rows.map(() => []);
  const cells = rows.map(() => []);
  rows.forEach((row, r) => {
    let c = 0;
    for (const cell of [...row.cells]) {
      while (taken[r][c]) c += 1;
      const wide = Math.min(cell.colSpan || 1, 60), high = Math.min(cell.rowSpan || 1, rows.length - r);
      for (let i = 0; i < high; i += 1) for (let k = 0; k < wide; k += 1) taken[r + i][c + k] = true;
      flatCell(cell);
      cells[r][c] = cell;
      c += wide;
    }
  });
  const width = Math.max(...taken.map((row) => row.length), 1);
  const made = document.createElement("table");
  cells.forEach((row, r) => {
    const tr = made.insertRow();
    for (let c = 0; c < width; c += 1) {
      const cell = document.createElement(r ? "td" : "th");
      if (row[c]) cell.append(...row[c].childNodes);
      tr.append(cell);
    }
  });
  return made;
}

function tables(body) {
  for (const table of [...body.querySelectorAll("table")]) {
    if (!body.contains(table) || table.parentElement?.closest("table")) continue;
    if (table.rows.length) table.replaceWith(grid(table)); else table.remove();
  }
}

/** Pictures of other machines become links; those in the text itself are handed over to be uploaded. */
function images(body, bring) {
  for (const image of [...body.querySelectorAll("img")]) {
    const src = image.getAttribute("src") ?? "";
    const path = /^https?:/i.test(src) && URL.canParse(src) && new URL(src).origin === location.origin ? new URL(src).pathname : src;
    if (/^\/files\/\d+\//.test(path)) { image.setAttribute("src", path); continue; }
    if (/^data:image\//i.test(src)) { bring?.(src); image.remove(); continue; }
    if (/^https?:/i.test(src)) {
      const link = document.createElement("a");
      link.href = src;
      link.textContent = image.alt || src.split("/").pop() || src;
      image.replaceWith(link);
    } else image.remove();
  }
}

function links(body) {
  for (const link of body.querySelectorAll("a")) {
    const href = link.getAttribute("href") ?? "";
    if (!/^(https?:|mailto:|tel:|\/)/i.test(href)) unwrap(link);
    else link.removeAttribute("title");
  }
}

const TAG = /<[a-z](?:[^>"']|"[^"]*"|'[^']*')*>/gi;

/** Without styles and handlers, which the page's policy would report even in a document that is only parsed. */
function harmless(html) {
  return html.replace(/<!--[\s\S]*?-->/g, "").replace(/<(style|script|xml)\b[\s\S]*?<\/\1\s*>/gi, "")
    .replace(TAG, (tag) => tag.replace(/\sstyle\s*=/gi, " data-look=").replace(/\son[a-z]+\s*=/gi, " data-off="));
}

/** Pasted HTML as our own. `bring(data)` receives pictures that came along as data. */
export function cleaned(html, bring) {
  if (html.includes("data-pm-slice")) return html;
  const body = new DOMParser().parseFromString(harmless(html), "text/html").body;
  for (const element of body.querySelectorAll(GONE)) element.remove();
  for (const element of body.querySelectorAll("h1")) rename(element, "h2");
  wordLists(body);
  looks(body);
  images(body, bring);
  links(body);
  tables(body);
  for (const element of body.querySelectorAll("[class],[id],[align],[data-look],[data-off]")) for (const name of ["class", "id", "align", "data-look", "data-off"]) element.removeAttribute(name);
  return body.innerHTML;
}

/** Cells copied as text: lines of the same number of tabs. */
export function tabbed(text) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
  const width = lines[0].split("\t").length;
  if (lines.length < 2 || width < 2 || lines.some((line) => line.split("\t").length !== width)) return null;
  const table = document.createElement("table");
  for (const [r, line] of lines.entries()) {
    const row = table.insertRow();
    for (const words of line.split("\t")) {
      const cell = document.createElement(r ? "td" : "th");
      cell.textContent = words.trim();
      row.append(cell);
    }
  }
  return table.outerHTML;
}
