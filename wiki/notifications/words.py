"""A notice in the reader's language: the row's sentences with the values put in, as words where they are codes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.i18n import _, format_date, format_datetime
from core.texts import one_line
from wiki.articles.rules import Because
from wiki.articles.tracking import because_word
from wiki.notifications.models import NoticeEntry
from wiki.notifications.table import ROWS
from workflows import subjects
from workflows.rules import REASON_NAMES

REASONS = {reason.value: name for reason, name in REASON_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Worded:
    """Subject and body, in the language that is being spoken; ``on_behalf_of``: for whom a deputy is told."""

    subject: str
    body: str
    on_behalf_of: str


class _Values(dict[str, str]):
    """A value that is not there is a dash: a sentence of an older version must not fail."""

    def __missing__(self, key: str) -> str:
        return "–"


def worded(entry: NoticeEntry) -> Worded:
    """The notice in words; one whose row this version does not know any more keeps its title."""
    row, values = ROWS.get(entry.code), _values(entry.params)
    if row is None:
        return Worded(values["title"], "", "")
    subject = one_line(str(row.subject) % values)
    return Worded(subject, str(row.body) % values, str(entry.params.get("for", "")))


def _values(params: dict[str, Any]) -> _Values:
    found = _Values({name: str(value) for name, value in params.items()})
    found["kind"] = next((str(label) for code, label in subjects.topics() if code == params.get("kind")), found["kind"])
    found["stage"] = str(params.get("stage_name") or subjects.role_word(str(params.get("stage", "–"))))
    found["authors"] = _(", ").join(str(name) for name in params.get("authors", ())) or "–"
    reason = REASONS.get(str(params.get("reason", "")))
    if reason is not None:
        found["note"] = ": ".join(part for part in (str(reason), str(params.get("note", ""))) if part)
    if params.get("because") in set(Because):
        found["because"] = because_word(Because(params["because"]))
    found["due"] = _("Due: %(time)s", time=_time(params["due_at"])) if params.get("due_at") else _("No deadline")
    found["until"] = _time(params["until"]) if params.get("until") else "–"
    found["due_on"] = format_date(date.fromisoformat(params["due_on"])) if params.get("due_on") else _("no deadline")
    return found


def _time(text: str) -> str:
    try:
        return format_datetime(datetime.fromisoformat(text))
    except ValueError:
        return text
