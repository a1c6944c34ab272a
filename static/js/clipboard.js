// Words into the clipboard. Plain http beside an old CRM has no clipboard API, and a frame may be refused it: the old way
// still works there.
export async function copyText(text, back = document.activeElement) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, className: "sr-only" });
    (back?.closest?.("dialog") ?? document.body).append(box); // outside of an open dialog nothing can be chosen
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    back?.focus?.({ preventScroll: true });
    return done;
  }
}
