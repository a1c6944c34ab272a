// An input with data-filters="id" asks its form's page again while typing and takes over the part with that id. What was
// ticked there while the answer was on its way stays ticked.
for (const input of document.querySelectorAll("input[data-filters]")) {
  const target = document.getElementById(input.dataset.filters);
  let timer = 0, asked = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const mine = ++asked;
      const address = new URL(input.form.action);
      address.hash = "";
      address.search = new URLSearchParams(new FormData(input.form)).toString();
      try {
        const answer = await fetch(address, { credentials: "same-origin" });
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = page.getElementById(target.id);
        if (mine !== asked || !found) return;
        const ticked = new Set([...target.querySelectorAll("input:checked")].map((box) => `${box.name}=${box.value}`));
        for (const box of found.querySelectorAll("input[type=checkbox]")) box.checked ||= ticked.has(`${box.name}=${box.value}`);
        target.replaceChildren(...found.childNodes);
      } catch { /* the network is gone: the button still asks */ }
    }, 180);
  });
}
