// The window that the frame opened hands its pass over: to a page of our own address that opened it, and to no other.
const place = document.querySelector("[data-pass]");
if (window.opener) {
  window.opener.postMessage({ type: "spiral:token", token: place.dataset.pass }, location.origin);
  setTimeout(() => window.close(), 600);
} else {
  place.textContent = place.dataset.alone;
}
