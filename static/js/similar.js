// What is already here, while the title and the question are typed: the server answers a small fragment of HTML.
const form = document.querySelector("[data-similar-form]");
const panel = document.querySelector("[data-similar]");
const title = form?.querySelector("[data-similar-title]");
const text = form?.querySelector("[data-similar-text]");

if (panel && title) {
  let timer = 0;
  let turn = 0;

  async function look() {
    if (title.value.trim().length < 2) return;
    const mine = ++turn;
    const url = new URL(form.dataset.similarForm, location.href);
    url.searchParams.set("title", title.value);
    if (text) url.searchParams.set("text", text.value.slice(0, 300));
    try {
      const answer = await fetch(url, { headers: { Accept: "text/html" }, credentials: "same-origin" });
      if (answer.ok && mine === turn) panel.innerHTML = await answer.text();
    } catch { /* only a help; writing goes on */ }
  }

  for (const field of [title, text]) field?.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 400); });
  if (title.value !== title.defaultValue) look();
}
