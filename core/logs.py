"""What the program says about itself: one line for each event, with nothing in it that could forge another line.

Lines for people (the default) or JSON lines for machines; both name the request or the job they belong to.
"""

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Any

from flask import g, has_app_context

from core.watch import about

DETAIL = re.compile(
    r"^DETAIL: .*?(?=\n\[SQL: |\n[A-Z]+: |\n\n|\Z)", re.MULTILINE | re.DOTALL
)  # PostgreSQL's: a whole row
FORMAT = "%(asctime)s %(levelname)s %(name)s%(within)s: %(message)s"


def within(record: logging.LogRecord) -> str:
    """The request's number, or the job that this thread is at; empty elsewhere."""
    said: str = g.get("request_id", "") if has_app_context() else ""
    return said or about.get()


class OneLine(logging.Formatter):
    """Line breaks and other control characters of a message are escaped; a traceback spans lines, indented: none of
    them can pass for a record of its own."""

    def format(self, record: logging.LogRecord) -> str:
        said = within(record)
        record.within = f" [{said}]" if said else ""
        record.exc_text = None  # another handler may have kept its own form there
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        record.message = escaped(without_values(record.message))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the standard library's name
        return "\n".join(f"    {escaped(line)}" for line in traced(super().formatException(ei)))


class Json(logging.Formatter):
    """One object in each line; what is no ASCII is escaped, line breaks in texts and tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        row: dict[str, Any] = {"at": at, "level": record.levelname, "logger": record.name}
        row["message"] = without_values(record.getMessage())
        if has_app_context() and "request_id" in g:
            row["request_id"] = g.request_id
        elif said := about.get():
            row["within"] = said
        row.update(getattr(record, "told", {}))
        if record.exc_info:
            row["traceback"] = "\n".join(traced(self.formatException(record.exc_info)))
        return json.dumps(row, default=str)


def without_values(text: str) -> str:
    """Without the values that a database complains about: they are people's."""
    return DETAIL.sub("DETAIL: not told", text) if "DETAIL: " in text else text


def traced(text: str) -> list[str]:
    """The lines of a traceback."""
    return without_values(text).splitlines()


def escaped(text: str) -> str:
    """The text in one line."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    )


def begin(level: str, form: str = "human") -> None:
    """Send everything to standard error, as lines for people or as ``json``."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else OneLine(FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in ("alembic", "core.watch.WritePool"):  # what a pool of connections does is told by its numbers
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a burst is no event
