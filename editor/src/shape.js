// The structure of HTML as readers see it: blocks as they nest, words with the marks that lie on them in any order.
const INLINE = { STRONG: "b", B: "b", EM: "i", I: "i", DEL: "s", S: "s", CODE: "c" };
const VOID = { BR: "br", IMG: "img" };
const SPACE = /[ \t\n\r\f]+/g;

function isInline(node) {
  return node.nodeType === 3 || node.nodeName === "WIKI-LINK" || node.nodeName in INLINE || node.nodeName in VOID || node.nodeName === "A";
}

/** Where a link or a picture leads: an angle written as such, as in a definition, and as %3C are one address. */
function address(node, name) {
  return (node.getAttribute(name) ?? "").replace(/[<>]/g, encodeURIComponent);
}

function linkMark(node) {
  return `a<${address(node, "href")}|${node.getAttribute("title") ?? ""}>`;
}

function collect(node, marks, runs) {
  if (node.nodeType === 3) {
    runs.push([marks.join(""), node.data.replace(SPACE, " ")]);
  } else if (node.nodeName === "IMG") {
    runs.push([marks.join(""), `<img ${address(node, "src")}|${(node.getAttribute("alt") ?? "").replace(SPACE, " ")}|${node.getAttribute("title") ?? ""}>`]);
  } else if (node.nodeName === "WIKI-LINK") {
    runs.push([marks.join(""), `<img ${node.getAttribute("to")}|${node.textContent}>`]);
  } else if (node.nodeName === "BR") {
    runs.push(["", "\n"]);
  } else {
    const mark = node.nodeName === "A" ? (node.hasAttribute("href") ? linkMark(node) : "") : INLINE[node.nodeName] ?? "";
    const here = mark && !marks.includes(mark) ? [...marks, mark].sort() : marks;
    for (const child of node.childNodes) collect(child, here, runs);
  }
}

/** The words of a run of inline nodes; blanks carry no marks, and there are none at the ends of lines. */
function words(nodes) {
  const runs = [];
  for (const node of nodes) collect(node, [], runs);
  const letters = [];
  for (const [marks, text] of runs) {
    if (text === "\n" || text.startsWith("<img ")) letters.push([text === "\n" ? "" : marks, text]);
    else for (const letter of text) letters.push([/\s/.test(letter) ? "" : marks, letter]);
  }
  let out = "", last = "";
  for (const [marks, letter] of letters) {
    if (marks !== last && !/^\s$/.test(letter)) { out += `{${marks}}`; last = marks; }
    out += letter;
  }
  return out.replace(/ +/g, " ").replace(/ *\n */g, "\n").replace(/\n\s*\n/g, "\n").replace(/^\s+|\s+$/g, "");
}

function attributes(node) {
  const kept = node.nodeName === "WIKI-BLOCK" ? [node.getAttribute("of")] : [];
  if (node.nodeName === "OL" && (node.getAttribute("start") ?? "1") !== "1") kept.push(`start=${node.getAttribute("start")}`);
  if (node.nodeName === "BLOCKQUOTE" && node.className) kept.push(node.className);
  if (/^T[HD]$/.test(node.nodeName) && node.getAttribute("align") && node.textContent.trim()) kept.push(node.getAttribute("align"));
  return kept.length ? ` ${kept.join(" ")}` : "";
}

function code(pre) {
  const inner = pre.querySelector("code");
  const language = /language-(\S+)/.exec(inner?.className ?? "")?.[1] ?? "";
  return `pre ${language}(${pre.textContent.replace(/[ \t]+$/gm, "").replace(/^\n+|\s+$/g, "")})`;
}

/** In the editor's own HTML every item and cell holds paragraphs; readers see them only in a loose list. */
function bare(root) {
  if (/^T[HD]$/.test(root.nodeName)) return true;
  return root.nodeName === "LI" && root.parentNode.classList.contains("is-tight");
}

/** One line of text for everything inside an element; equal lines are equal structures. */
export function shape(root) {
  const parts = [];
  let run = [];
  const flush = () => {
    const text = words(run);
    run = [];
    if (text) parts.push(/^(LI|TD|TH)$/.test(root.nodeName) ? text : `p(${text})`);
  };
  for (const node of root.childNodes) {
    if (isInline(node)) { run.push(node); continue; }
    if (node.nodeType !== 1) continue;
    flush();
    const name = node.nodeName.toLowerCase();
    if (name === "p" && bare(root)) { const text = words(node.childNodes); if (text) parts.push(text); } else if (name === "pre") parts.push(code(node));
    else if (name === "p" || /^h[1-6]$/.test(name)) {
      const text = words(node.childNodes);
      if (text || name !== "p") parts.push(`${name}(${text})`);
    } else if (name === "thead" || name === "tbody") parts.push(shape(node));
    else parts.push(`${name}${attributes(node)}(${shape(node)})`);
  }
  flush();
  return parts.join(" ");
}

/** The same for HTML as text. */
export function shapeOf(html) {
  return shape(new DOMParser().parseFromString(html, "text/html").body);
}
