"""What the program says about itself: one line for each event, with nothing in it that could forge another line."""

import logging
import re
import sys
from types import TracebackType

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


DETAIL = re.compile(r"^DETAIL: .*?(?=\n\[SQL: |\n[A-Z]+: |\n\n|\Z)", re.M | re.S)  # PostgreSQL shows the whole row
Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class OneLine(logging.Formatter):
    """Line breaks and other control characters of a message are escaped; only a traceback may span lines, and it tells
    none of the values that a database complains about."""

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another handler's words for the traceback, where there is one
        return super().format(record)

    def formatException(self, ei: Raised) -> str:  # noqa: N802 - the standard library's name
        return DETAIL.sub("DETAIL: not told", super().formatException(ei))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        record.message = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in record.message)
        return super().formatMessage(record)


def begin(level: str) -> None:
    """Send everything to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a burst is no event
