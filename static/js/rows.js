// Rows of the editor: one more, one less, and what can be chosen is called by what was typed. Without this file two empty
// rows are always there, saving gives two more, and a row that is emptied is gone.

function shorten(text) {
  const line = text.trim().replace(/\s+/g, " ");
  return line.length > 14 ? `${line.slice(0, 13)}…` : line;
}

function rowsOf(set) {
  return [...set.querySelectorAll("[data-row]")];
}

const filled = (row) => [...row.querySelectorAll("input[type=text], textarea")].some((one) => one.value.trim());

/** Every choice that leads to a row says what is typed in it; an empty row cannot be chosen. */
function rename(set) {
  for (const row of rowsOf(set)) {
    const n = Number(row.dataset.row);
    const name = shorten(row.querySelector("[data-row-name]").value);
    const there = filled(row);
    for (const other of rowsOf(set)) {
      if (set.dataset.rows === "branches") {
        let pick = other.querySelector(`label[data-pick="${n}"]`);
        if (!pick && there && other !== row) pick = addPick(set, other, n);
        if (!pick) continue;
        pick.hidden = !there && !pick.querySelector("input").checked;
        pick.querySelector("span").textContent = `${n + 1} ${name}`;
      } else {
        const id = row.querySelector("[data-row-id]").value;
        for (const select of other.querySelectorAll("select")) {
          let option = [...select.options].find((one) => one.value === id);
          if (!option && there) { option = new Option("", id); select.add(option); }
          if (option) option.textContent = `${row.dataset.says.replace("{n}", n + 1)} ${name}`;
          if (option) option.hidden = !there && !option.selected;
        }
      }
    }
  }
}

function addPick(set, row, n) {
  const pick = document.createElement("label");
  pick.dataset.pick = n;
  const box = Object.assign(document.createElement("input"), { type: "checkbox", name: `${set.dataset.rows}-${row.dataset.row}-to`, value: n + 1 });
  pick.append(box, " ", document.createElement("span"));
  row.querySelector(".picks").append(pick);
  return pick;
}

function add(set) {
  const hidden = rowsOf(set).find((row) => row.hidden);
  if (hidden) { hidden.hidden = false; return hidden; }
  const last = rowsOf(set).at(-1);
  const n = Number(last.dataset.row) + 1;
  const row = last.cloneNode(true);
  row.dataset.row = n;
  row.classList.remove("is-wrong");
  row.querySelector(".row-head strong").textContent = row.dataset.says.replace("{n}", n + 1);
  for (const one of row.querySelectorAll(".error, .before-submit, .picks [data-pick]")) one.remove();
  for (const part of row.querySelectorAll("[name], [id], [for], [aria-describedby], [aria-label]")) {
    for (const name of ["name", "id", "for", "aria-describedby"]) {
      const value = part.getAttribute(name);
      if (value) part.setAttribute(name, value.replace(`${set.dataset.rows}-${last.dataset.row}-`, `${set.dataset.rows}-${n}-`));
    }
    const label = part.getAttribute("aria-label");
    if (label) part.setAttribute("aria-label", label.replace(String(n), String(n + 1)));
  }
  clear(row);
  const id = row.querySelector("[data-row-id]");
  if (id) {
    const taken = new Set(rowsOf(set).map((one) => one.querySelector("[data-row-id]").value));
    let fresh = n + 1;
    while (taken.has(String(fresh))) fresh += 1;
    id.value = fresh;
  }
  last.after(row);
  return row;
}

function clear(row) {
  for (const field of row.querySelectorAll("input[type=text], textarea")) field.value = "";
  for (const box of row.querySelectorAll("input[type=checkbox]")) box.checked = false;
  for (const select of row.querySelectorAll("select")) select.selectedIndex = 0;
}

for (const set of document.querySelectorAll("[data-rows]")) {
  for (const button of set.querySelectorAll("[data-row-add], [data-row-drop]")) button.hidden = false;
  set.addEventListener("input", () => rename(set));
  set.addEventListener("click", (event) => {
    const drop = event.target.closest("[data-row-drop]");
    if (drop) {
      const row = drop.closest("[data-row]");
      clear(row);
      row.hidden = true;
      rename(set);
      set.querySelector("[data-row-add]").focus();
      set.dispatchEvent(new Event("input", { bubbles: true }));
    } else if (event.target.closest("[data-row-add]")) {
      const row = add(set);
      rename(set);
      row.querySelector("[data-row-name]").focus();
    }
  });
  rename(set);
}
