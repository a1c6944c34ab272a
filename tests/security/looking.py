"""How a page is looked at in a real browser: what ran, and what stands in it that we never write."""

from typing import Any

LOOK = """() => {
  const bad = [];
  const runs = (address) => {
    try {
      return /^(javascript|data|vbscript):/.test(new URL(address, 'http://here/').protocol);
    } catch { return false; }
  };
  for (const el of document.querySelectorAll('*')) {
    for (const a of el.attributes) {
      if (/^on/i.test(a.name) || a.name === 'style' || a.name === 'srcdoc') bad.push(el.tagName + ' ' + a.name);
      if (/^(href|src|action|formaction|xlink:href|data)$/i.test(a.name) && runs(a.value)) bad.push(a.value);
    }
    if (/^(IFRAME|OBJECT|EMBED|STYLE|BASE|FRAME|MATH|VIDEO|AUDIO|APPLET)$/i.test(el.tagName)) bad.push(el.tagName);
    if (el.tagName === 'SCRIPT' && !/^\\/static\\//.test(el.getAttribute('src') || '')) bad.push('SCRIPT');
    if (!['LINK', 'SCRIPT', 'META'].includes(el.tagName)) {
      for (const kind of ['mouseover', 'focus', 'error', 'load', 'toggle', 'animationstart', 'click']) {
        if (kind !== 'click' || el.hasAttribute('onclick')) el.dispatchEvent(new Event(kind));
      }
    }
  }
  return [window.hits || 0, [...new Set(bad)]];
}"""


def seen(page: Any, text: str) -> tuple[int, list[str]]:
    page.set_content(text, wait_until="domcontentloaded")
    hits, bad = page.evaluate(LOOK)
    return hits, bad
