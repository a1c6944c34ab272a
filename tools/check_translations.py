"""Fails unless every string of code and templates is there in 简体中文 and 繁體中文, with the same placeholders."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message

from tools.translations import LOCALES, ROOT, extract, read

PLACEHOLDER = re.compile(r"%\((\w+)\)[#0\- +]?\d*(?:\.\d+)?[a-zA-Z]|(?<!%)%[sd]|\{(\w*)\}")
BROKEN_CALL = re.compile(r"""\b_[ln]?\(\s*[rb]?f["']""")  # an f-string is put together before it is looked up


def placeholders(text: str) -> set[str]:
    return {match.group() for match in PLACEHOLDER.finditer(text.replace("%%", ""))}


def forms(value: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """One form for each grammatical number; a text without plural has one, an empty place has an empty one."""
    return [value or ""] if value is None or isinstance(value, str) else list(value)


def faults(wanted: Catalog, have: Catalog) -> Iterator[str]:
    """One sentence for every string that a reader of this catalogue would not see as it should be."""
    for message in wanted:
        if not message.id:
            continue
        name = repr(forms(message.id)[0])
        place = message.locations[0][0] if message.locations else "?"
        there = have.get(message.id, message.context)
        if there is None:
            yield f"{place}: {name} is missing (make translations)"
        elif not all(forms(there.string)):
            yield f"{place}: {name} is not translated"
        elif there.fuzzy:
            yield f"{place}: {name} is marked fuzzy"
        else:
            yield from uneven(there, name, place)


def uneven(message: Message, name: str, place: str) -> Iterator[str]:
    # Chinese has one form for singular and plural: it answers to the last form of the source
    source = placeholders(forms(message.id)[-1])
    for form in forms(message.string):
        if placeholders(form) != source:
            yield f"{place}: {name} has placeholders {sorted(source)}, its translation {sorted(placeholders(form))}"
        elif source and not can_be_filled_in(form):
            yield f"{place}: the translation of {name} cannot be filled in; a percent sign is written %%"


def can_be_filled_in(form: str) -> bool:
    """False where a lone percent sign would break the page that shows it."""
    try:
        _ = form % defaultdict(int)
    except (ValueError, TypeError):
        return False
    return True


def main() -> int:
    wanted = extract()
    found = [f"{locale}: {fault}" for locale in LOCALES for fault in faults(wanted, read(locale))]
    for package in ("core", "accounts", "workflows", "wiki"):
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            for match in BROKEN_CALL.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path.relative_to(ROOT)}:{line}: an f-string cannot be translated; use %(name)s")
    print("\n".join(found) or f"{len(wanted)} strings, all translated into {' and '.join(LOCALES)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
