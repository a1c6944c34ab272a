// Words as Markdown: every sign that would mean something to the server's parser is escaped, and no other.
const WORD = /[\p{L}\p{N}]/u;
const ENTITY = /^&(?:#\d+|#x[\da-f]+|[a-z\d]+);/i;
const BRACKETED = /^<(?:[^>]*(?::\/\/|@)[^>]*>|br\s*\/?>)/i; // another "<" on the way may itself become "&lt;"
const ESCAPABLE = /[\\`*_{}[\]()>#+\-.!|~\n]/;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u2060]/g;

/** Stands where signs would be read as something else, between two runs of stars for one; the server does not show it. */
export const JOINER = "\u2060";

/**
 * A text with its signs escaped. `whole` is the text of the paragraph around it from `at` on, so that signs that mean
 * something only together with what follows can be told from those that do not.
 */
export function words(text, { cell = false, inLink = false, strike = false, whole = text, at = 0, last = false } = {}) {
  let out = "";
  for (let i = 0; i < text.length; i += 1) out += sign(text, i, { cell, inLink, strike, rest: whole, at, last });
  return out.replace(CONTROL, "");
}

function sign(text, i, { cell, inLink, strike, rest, at, last }) {
  const char = text[i], before = text[i - 1] ?? "", after = text[i + 1] ?? "";
  switch (char) {
    case "\\": return !after || ESCAPABLE.test(after) ? "\\\\" : char;
    case "*": case "`": case "[": return cell && char === "`" ? "&#96;" : `\\${char}`;
    case "_": return WORD.test(before) && WORD.test(after) ? char : "\\_";
    case "~": return before === "~" || after === "~" || (strike && (!before || !after)) ? "\\~" : char;
    case "]": return inLink ? "\\]" : char;
    case "!": return !after && !last ? "\\!" : char;
    case "&": return ENTITY.test(rest.slice(at + i, at + i + 40)) ? "&amp;" : char;
    case "<": return BRACKETED.test(rest.slice(at + i, at + i + 2000)) ? "&lt;" : char;
    case "|": return cell ? "\\|" : char;
    default: return char;
  }
}

/** A line of a paragraph, its beginning made harmless: it begins no list, heading, quotation, rule or table, and ends none. */
export function lineStart(line, second) {
  if (!/\S/.test(line)) return JOINER + line;
  if (/^#|^>|^[-+](?=\s|$)/.test(line)) return `\\${line}`;
  if (/^-+\s*$/.test(line)) return `\\${line}`;
  if (/^=+\s*$/.test(line)) return line.replace("=", "&#61;");
  const number = /^(\d+)\.(?=\s|$)/.exec(line);
  if (number) return `${number[1]}\\.${line.slice(number[0].length)}`;
  // the line below a table's heads; that of a point is one with its mark, too
  if (/^[|:\- ]*$/.test(line) && (second || line.includes("|"))) return line.replaceAll("|", "\\|").replace(/^-/, "\\-").replace(/^:/, "&#58;");
  return line;
}

/** What stands between the brackets of a picture. */
export function alt(text) {
  return entities(text.replace(/[\\[\]`]/g, "\\$&")).replace(/[ \t\n]+/g, " ").replace(CONTROL, "");
}

/** `&copy;` as typed. */
function entities(text) {
  return text.replace(/&(?=(?:#\d+|#x[\da-f]+|[a-z\d]+);)/gi, "&amp;");
}

const AWKWARD = /[\s()<>[\]"'`\\|*_~]/g;

/** An address in the brackets of a link; signs that would end it are written in the address's own way. */
export function address(href) {
  const safe = href.replace(CONTROL, "").replace(AWKWARD, (char) =>
    /[*_~]/.test(char) ? char : [...new TextEncoder().encode(char)].map((b) => `%${b.toString(16).toUpperCase().padStart(2, "0")}`).join(""));
  return entities(safe);
}

/** The words that appear over a link, with their quotation marks. */
export function title(text) {
  return text ? ` "${entities(text).replace(/["\\`[\]]/g, (c) => `&#${c.charCodeAt(0)};`).replace(/\s+/g, " ")}"` : "";
}

/** A title between `[[` and `]]`: signs that would end it are wide, which the server folds. */
export function articleTitle(text) {
  return text.replace(/[[\]|`\\]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0)).replace(/\s+/g, " ").trim();
}

/** `[[Title|words]]`. */
export function mention({ to, words: shown }, cell) {
  const text = (shown ?? "").replace(/\s+/g, " ").trim().replace(/[\\[\]|]/g, "\\$&");
  return text && text !== to ? `[[${articleTitle(to)}${cell ? "\\|" : "|"}${text}]]` : `[[${articleTitle(to)}]]`;
}
