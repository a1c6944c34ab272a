"""Prints the table of docs/notices.md from the code, or writes it into the page.

    python -m tools.print_notices            # prints the table
    python -m tools.print_notices --write    # puts it between the marks of docs/notices.md

A test holds the page and the code together, so that the page never promises a notice that nobody gets.
"""

import sys
from pathlib import Path

from wiki.notifications.rules import Group, Mail
from wiki.notifications.table import TABLE, Notice

PAGE = Path(__file__).resolve().parent.parent / "docs" / "notices.md"
BEGIN, END = "<!-- begin: printed by tools/print_notices.py -->", "<!-- end -->"
HEADINGS = {
    Group.WAITS: "Waits for me",
    Group.MINE: "My submissions",
    Group.REMARKS: "Remarks and what I judged",
    Group.TRAINING: "Training",
    Group.TEAM: "Team",
}
WAYS = {Mail.AT_ONCE: "at once", Mail.DIGEST: "digest"}


def row(notice: Notice) -> tuple[str, ...]:
    """One line: what happened, who hears of it, how it is mailed unless they choose otherwise, and in which words."""
    when = _first(notice.when)
    happened = f"`{notice.event.__name__}`" + (f": {when}" if when != "–" else "")
    who = _first(notice.audience) + (", and their deputies" if notice.deputies else "")
    way = WAYS[notice.mail] + (", always" if notice.urgent else "")
    return happened, who, way, _english(notice.subject)


def _english(lazy: object) -> str:
    """The words with names for the places; without an application they are those of the code."""
    return str(lazy) % {"title": "…", "who": "Li Wei", "to": "Wang Fang"}


def _first(function: object) -> str:
    return (function.__doc__ or "").strip().split("\n")[0]


def printed() -> str:
    """Everything between the marks."""
    parts: list[str] = []
    for group, heading in HEADINGS.items():
        rows = [row(notice) for notice in TABLE if notice.group is group]
        lines = [("when", "who hears of it", "mail", "words"), ("---",) * 4, *rows]
        parts += [f"### {heading}", "", *("| " + " | ".join(cells) + " |" for cells in lines), ""]
    return "\n".join(parts).rstrip()


def updated(page: str) -> str:
    """The page with the table of today between its marks."""
    before, _mark, rest = page.partition(BEGIN)
    _old, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{PAGE} lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{printed()}\n\n{END}{after}"


def main(words: list[str]) -> int:
    if words == ["--write"]:
        PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
    elif words:
        print(__doc__)
        return 2
    else:
        print(printed())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
