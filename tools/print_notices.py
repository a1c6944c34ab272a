"""Prints the table of docs/notices.md from the code, or writes it into the page.

    python -m tools.print_notices            # prints the table
    python -m tools.print_notices --write    # puts it between the marks of docs/notices.md

A test holds the page and the code together, so that the page never promises a notice that nobody gets.
"""

import sys

from tools.printed import DOCS, Part, first_line, table
from wiki.notifications.rules import Group, Mail
from wiki.notifications.table import TABLE, Notice

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
    when = first_line(notice.when)
    happened = f"`{notice.event.__name__}`" + (f": {when}" if when != "–" else "")
    who = first_line(notice.audience) + (", and their deputies" if notice.deputies else "")
    way = WAYS[notice.mail] + (", always" if notice.urgent else "")
    return happened, who, way, _english(notice.subject)


def _english(lazy: object) -> str:
    """The words with names for the places; without an application they are those of the code."""
    return str(lazy) % {"title": "…", "who": "Li Wei", "to": "Wang Fang"}


def printed() -> str:
    """Everything between the marks."""
    parts: list[str] = []
    for group, heading in HEADINGS.items():
        rows = [row(notice) for notice in TABLE if notice.group is group]
        parts += [f"### {heading}", "", *table(("when", "who hears of it", "mail", "words"), rows), ""]
    return "\n".join(parts).rstrip()


PART = Part(DOCS / "notices.md", "print_notices", printed)

if __name__ == "__main__":
    sys.exit(PART.main(sys.argv[1:], __doc__))
