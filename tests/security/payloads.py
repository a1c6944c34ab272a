"""What somebody would write who wants a script of theirs to run in somebody else's page."""

import html
import itertools
import random
import re
from collections.abc import Callable, Iterator

CALL = "alert(1)"
TAGS = ["img", "svg", "script", "iframe", "body", "video", "details", "input", "a", "math", "object", "style", "x"]
EVENTS = ["onerror", "onload", "onfocus autofocus", "ontoggle open", "onmouseover", "onanimationstart", "onclick"]
SCHEMES = ["javascript:", "JaVaScRiPt:", "java\tscript:", "java&#10;script:", "&#106;avascript:", "\x01javascript:",
           "data:text/html,", "vbscript:", "jav&#x0A;ascript:", "javascript&colon;"]  # fmt: skip
BEFORE = [
    "",
    '"',
    "'",
    "`",
    '">',
    "'>",
    "-->",
    "</textarea>",
    "</title>",
    "</script>",
    "]]>",
    "<mark>",
    "&quot;>",
    "```\n",
]


def payloads() -> list[str]:
    """Tags with events, links with schemes, the same out of every context they may land in."""
    plain = [f"<{tag} src=x {event}={CALL}>" for tag, event in itertools.product(TAGS, EVENTS)]
    plain += [f"<{tag}/{event}={CALL}//" for tag, event in itertools.product(TAGS, EVENTS[:3])]
    plain += [f"<script>{CALL}</script>", f"<ScRiPt>{CALL}</sCrIpT>", f"<scr<script>ipt>{CALL}</scr</script>ipt>",
              f"<svg><script>{CALL}</script></svg>", f"<math><mtext><table><mglyph><style><img src=x onerror={CALL}>",
              f"<noscript><p title=\"</noscript><img src=x onerror={CALL}>\">", f"<a href=x id=x onclick={CALL}>x</a>",
              f"<style>@import 'x';</style><img src=x onerror={CALL}>"]  # fmt: skip
    for scheme in SCHEMES:
        plain += [f"[x]({scheme}{CALL})", f"![x]({scheme}{CALL})", f"<{scheme}{CALL}>", f"[x]: {scheme}{CALL}\n[x]",
                  f"<a href=\"{scheme}{CALL}\">x</a>", f"[x](<{scheme}{CALL}>)", f"[x](a \"' onclick={CALL} '\")",
                  f"![x\" onerror=\"{CALL}](x)", f"**<b onclick={CALL}>**",
                  f"| <img src=x onerror={CALL}> |\n|---|\n| a |"]  # fmt: skip
    plain = list(dict.fromkeys(plain))
    out = [f"{before}{one}" for before, one in itertools.product(BEFORE, plain)]
    out += [*(html.escape(one) for one in plain), *(one.replace("<", "&lt;") for one in plain)]
    return list(dict.fromkeys([*out, *mutations(out)]))


def mutations(given: list[str], wanted: int = 8_000) -> Iterator[str]:
    """The same, as somebody would disguise it: letters in either case, as entities, parted by blanks that are none,
    doubled tags, dressed as what our dialect knows. The same ones in every run."""
    chance = random.Random(20261122)
    disguises: list[Callable[[str], str]] = [
        lambda one: "".join(chance.choice((letter.upper(), letter.lower())) for letter in one),
        lambda one: re.sub("[a-z]", lambda m: f"&#{ord(m[0])};" if chance.random() < 0.2 else m[0], one),
        lambda one: re.sub("[a-z]", lambda m: f"&#x{ord(m[0]):x}" if chance.random() < 0.2 else m[0], one),
        lambda one: one.replace(" ", chance.choice(("/", "\t", "\x0c", "\u00a0", "\u2028", "/**/"))),
        lambda one: re.sub("[<(]", lambda m: m[0] + chance.choice(("\x00", "\x0b", "\u200b", "\ufeff")), one),
        lambda one: one.replace("<", "<<", 1).replace(">", ">>", 1),
        lambda one: one.replace("<", chance.choice(("\uff1c", "\u2039<", "%3c", "\\u003c"))),
        lambda one: f"{chance.choice(('> [!say]', '> [!note]', '- ', '## ', '| a |', '~~', '**'))} {one}",
        lambda one: f"[[{one}|{one}]]",
        lambda one: f"![{one}](/files/1/{one})",
        lambda one: f"`{one[: len(one) // 2]}` {one} ```",
    ]
    for _number in range(wanted):
        yield chance.choice(disguises)(chance.choice(given))
