// A form with data-reach="address" shows in #reach whom it would reach, while it is filled in. The server counts.
for (const form of document.querySelectorAll("form[data-reach]")) {
  const place = form.querySelector("#reach");
  let asked = 0;
  form.querySelector("[data-without-script]")?.setAttribute("hidden", "");
  form.addEventListener("change", async () => {
    const mine = ++asked;
    const said = new URLSearchParams();
    for (const name of ["role", "team", "tier", "user", "due_on", "days"]) {
      const value = form.elements[name]?.value;
      if (value) said.set(name, value);
    }
    try {
      const answer = await fetch(`${form.dataset.reach}?${said}`, { credentials: "same-origin" });
      if (mine === asked && answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        place.replaceChildren(...page.body.childNodes);
      }
    } catch { /* the network is gone: the form still says it after it was sent */ }
  });
}
