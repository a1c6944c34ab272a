// The page of results says what was opened from it, or read in place: what nobody opens did not answer the question.
import { send } from "./app.js";

for (const list of document.querySelectorAll("[data-asked]")) {
  const told = new Set();
  const tell = (row) => {
    const article = row?.dataset.id;
    if (!article || told.has(article)) return;
    told.add(article);
    send("POST", "/search/opened", new URLSearchParams({ asked: list.dataset.asked, article }), {}, { keepalive: true }).catch(() => {});
  };
  list.addEventListener("click", (event) => { if (event.target.closest("a.title")) tell(event.target.closest("[data-result]")); });
  list.addEventListener("toggle", (event) => { if (event.target.open) tell(event.target.closest("[data-result]")); }, true);
}
