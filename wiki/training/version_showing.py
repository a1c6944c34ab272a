"""Versions of a course in words: what waits for the next one, what each of them changed, who is in which."""

from collections.abc import Sequence
from typing import Any

from core.actors import Actor
from core.db import session
from core.i18n import _
from core.permissions import can
from wiki.articles.presenting import reader_words
from wiki.training import versions
from wiki.training.models import Course, Lesson
from wiki.training.permissions import P
from wiki.training.version_models import CourseVersion
from wiki.training.version_rules import WHO, Change, Sort, compare

KINDS = ("lesson", "quiz", "session", "task")


def waiting(course: Course, actor: Actor) -> dict[str, Any] | None:
    """For the page where a course is changed: its version, what waits, what is another for all already; ``None``: it
    has none yet."""
    version = versions.newest(course.id)
    if version is None:
        return None
    found = versions.changes(course, version)
    return {
        "number": version.number,
        "at": version.published_at,
        "begun": versions.is_begun(version),
        "waits": [sentence(one, actor) for one in found if one.waits],
        "others": [sentence(one, actor) for one in found if not one.waits],
    }


def rows(course: Course, actor: Actor) -> list[dict[str, Any]]:
    """Every version, the newest first, and what it changed. Learners are told neither questions nor people."""
    found, teaches = versions.history(course), can(actor, P.TEACH)
    people = versions.people_in(course) if teaches else {}
    return [
        {
            "number": one.number,
            "note": one.note,
            "at": one.published_at,
            "by": one.published_by.name,
            "counts": {kind: len(one.ids(kind)) for kind in KINDS},
            "changes": [sentence(each, actor) for each in _changes(one, found[at:][:1], all_of_them=teaches)],
            "under_way": people.get(one.id, (0, 0))[0],
            "completed": people.get(one.id, (0, 0))[1],
        }
        for at, one in enumerate(found, 1)
    ]


def _changes(version: CourseVersion, before: Sequence[CourseVersion], *, all_of_them: bool) -> list[Change]:
    if not before:
        return []
    found = compare(versions.plan_of(before[0]), versions.plan_of(version))
    hidden = set() if all_of_them else WHO | {Sort.QUESTION_ADDED, Sort.QUESTION_REMOVED, Sort.DRAWS, Sort.MARK}
    return [one for one in found if one.sort not in hidden]


def sentence(change: Change, reader: Actor) -> str:
    """What is another, in a sentence; a text is named to those only who may read it."""
    name = _name(change.row, reader) if change.row else ""
    before, after = change.before, change.after
    said = {
        Sort.ADDED: lambda: _("New: %(step)s", step=name),
        Sort.REMOVED: lambda: _("Taken out: %(step)s", step=name),
        Sort.MOVED: lambda: _("Another order"),
        Sort.RENAMED: lambda: _("“%(before)s” is now called “%(after)s”", before=before, after=after),
        Sort.CREDITS: lambda: _("Credits: %(before)s → %(after)s", before=before, after=after),
        Sort.REQUIRES: lambda: _requires(after),
        Sort.TEXT: lambda: _("%(step)s: version %(before)s → %(after)s", step=name, before=before, after=after),
        Sort.MARK: lambda: _("%(step)s: pass mark %(before)s %% → %(after)s %%", step=name, before=before, after=after),
        Sort.QUESTION_ADDED: lambda: _("%(step)s: new question “%(text)s”", step=name, text=after),
        Sort.QUESTION_REMOVED: lambda: _("%(step)s: question “%(text)s” taken out", step=name, text=before),
        Sort.DRAWS: lambda: _("%(step)s: other questions are drawn at random", step=name),
        Sort.AUDIENCE_ADDED: lambda: _("Now also for: %(who)s", who=_circle(after)),
        Sort.AUDIENCE_REMOVED: lambda: _("No longer for: %(who)s", who=_circle(before)),
    }
    return said[change.sort]()


def _requires(after: str) -> str:
    if after == "quizzes":
        return _("Completed when every quiz is passed")
    return _("Completed when every lesson is read and every quiz passed")


def _circle(key: str) -> str:
    return " + ".join(reader_words(key.split("+")))


def _name(row: Any, reader: Actor) -> str:
    kind, _colon, number = row["step"].partition(":")
    if kind == "lesson":
        lesson = session.get(Lesson, int(number))
        if lesson is None or not can(reader, P.READ_LESSON, lesson):
            return _("A text for a closed circle")
        return _("“%(title)s”", title=lesson.publication.revision.title)
    words = {
        "quiz": _("quiz “%(title)s”", title=row["title"]),
        "session": _("session “%(title)s”", title=row["title"]),
        "task": _("task “%(title)s”", title=row["title"]),
        "module": _("module “%(title)s”", title=row["title"]),
    }
    return words[kind]
