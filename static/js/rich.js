// Brings the writing surface where it was bundled. Until it stands, and where it cannot, the textarea serves.
const root = document.querySelector("[data-rich]");
const textarea = document.querySelector("textarea[data-body]");

if (root && textarea) {
  let source = false;
  try { source = localStorage.getItem("editor") === "source"; } catch { /* forbidden */ }
  const csrf = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const back = document.querySelector("[data-rich-back]");
  import(root.dataset.src).then(({ mount }) => mount(root, textarea, { csrf, source })).then((surface) => {
    if (surface && back) back.hidden = false;
  }).catch((error) => { console.warn("the plain editor serves:", error); });
}
