"""How a course came to be what it is: every act on it."""

from collections.abc import Sequence
from typing import Any

from core.audit import TrailEntry, trail
from core.db import session
from core.i18n import _
from wiki.training.models import Course

SHOWN = 100


def acts(course: Course) -> list[TrailEntry]:
    """The latest acts of those who teach, newest first; nothing of what learners did."""
    found = trail("course", course.id).where(TrailEntry.verb.in_(list(_sentences())))
    return list(session.scalars(found.order_by(None).order_by(TrailEntry.id.desc()).limit(SHOWN)))


def rows(entries: Sequence[TrailEntry]) -> list[dict[str, Any]]:
    """The acts in words: when, who, what."""
    said = _sentences()
    return [
        {"at": one.at, "name": one.actor_name, "what": said[one.verb], "about": _about(one.details)} for one in entries
    ]


def _about(details: dict[str, Any]) -> str:
    """What the act was about. Articles are not named: one may be for a closed circle."""
    if details.get("before") and details.get("after") and isinstance(details["before"], str):
        return f"{details['before']} → {details['after']}"
    return str(details.get("title") or details.get("to") or "")


def _sentences() -> dict[str, str]:
    return {
        "create": _("began the course"),
        "edit": _("changed what the course says of itself"),
        "publish": _("opened it to learners"),
        "add_lesson": _("added a lesson"),
        "remove_lesson": _("took a lesson out"),
        "move_lesson": _("changed the order"),
        "edit_lesson": _("changed what to try out"),
        "pin": _("moved a lesson to another version"),
        "mark": _("marked a lesson: its article had a major change"),
        "add_quiz": _("added a quiz"),
        "edit_quiz": _("changed the rules of a quiz"),
        "remove_quiz": _("took a quiz out"),
        "add_question": _("added a question"),
        "edit_question": _("changed a question"),
        "remove_question": _("took a question out"),
        "suspend_question": _("let a question rest: its passage changed"),
        "resume_question": _("asked a question again"),
        "add_session": _("added a session"),
        "edit_session": _("changed a session"),
        "remove_session": _("took a session out"),
        "add_task": _("added a task"),
        "edit_task": _("changed a task"),
        "remove_task": _("took a task out"),
        "add_module": _("added a module"),
        "rename_module": _("renamed a module"),
        "remove_module": _("took the heading of a module away"),
        "order": _("changed the order"),
        "need": _("asks for a course first"),
        "move_question": _("changed the order of questions"),
        "let_go": _("no longer asks for a course first"),
        "publish_version": _("published a new version"),
        "move_on": _("let everybody go on in version"),
        "assign": _("assigned it"),
        "unassign": _("ended an assignment"),
    }
