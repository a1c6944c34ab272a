// While an import is at work its figures are fetched again; when it has ended, the whole page is.
const live = document.querySelector('[data-live]');

const look = async () => {
  try {
    const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector('[data-live]');
    if (!fresh || !fresh.querySelector('[data-working]')) {
      location.reload();
      return;
    }
    if (!live.contains(document.activeElement)) live.replaceChildren(...fresh.childNodes);
  } catch {
    // the server is away for a moment; ask again
  }
  setTimeout(look, 2000);
};

if (live) setTimeout(look, 1500);
