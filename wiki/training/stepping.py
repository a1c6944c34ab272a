"""The steps of a course as one person meets them: modules, and in them what is done, what waits, where to go on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import url_for

from core import clock
from core.actors import Actor
from wiki.training.models import Course
from wiki.training.outline import Outline
from wiki.training.practice_models import CourseSession, CourseTask, Seat, TaskReport
from wiki.training.practice_queries import reports_of, seats_of, taken
from wiki.training.practice_rules import Verdict, grouped, seats_left

Row = dict[str, Any]


def whole(
    course: Course, actor: Actor, found: Outline, lessons: Sequence[Row], quizzes: Sequence[Row]
) -> dict[str, Any]:
    """Everything a version of a course consists of, in its order, from the rows of its lessons and quizzes.

    ``rows``: the steps one after another; ``modules``: the same rows under their headings; ``next_url``: where the
    person goes on, ``None`` when nothing waits for them.
    """
    rows = {
        **{f"lesson:{one['id']}": one | {"type": "lesson", "done": bool(one["done_at"])} for one in lessons},
        **{f"quiz:{one['id']}": one | {"type": "quiz", "done": one["passed"]} for one in quizzes},
        **_sessions(found.sessions, course, actor),
        **_tasks(found.tasks, course, actor),
    }
    for key, row in rows.items():
        row["key"] = key
        row.setdefault("waits", bool(row["url"]) and (not row["done"] or row.get("again", False)))
    steps = [rows[key] for key in found.order if key in rows]
    ahead = next((row for row in steps if row["waits"]), None)
    if ahead is not None and ahead["state"] != "again":
        ahead["state"] = "next"
    return {
        "lessons": [row for row in steps if row["type"] == "lesson"],
        "quizzes": [row for row in steps if row["type"] == "quiz"],
        "rows": steps,
        "modules": _modules(found, rows),
        "next_url": ahead["url"] if ahead else None,
    }


def _modules(found: Outline, rows: dict[str, Row]) -> list[dict[str, Any]]:
    modules: list[dict[str, Any]] = []
    for key, keys in grouped(found.order):
        steps = [rows[one] for one in keys]
        module = found.modules[key] if key else None
        modules.append(
            {
                "key": key,
                "id": module.id if module else None,
                "title": module.title if module else "",
                "rows": steps,
                "done": sum(bool(step["done"]) for step in steps),
            }
        )
    return modules


def _sessions(sessions: Sequence[CourseSession], course: Course, actor: Actor) -> dict[str, Row]:
    if not sessions:
        return {}
    ids = [one.id for one in sessions]
    mine, seats = {seat.session_id: seat for seat in seats_of(ids, actor.id)}, taken(ids)
    return {f"session:{one.id}": session_row(one, course, mine.get(one.id), seats.get(one.id, 0)) for one in sessions}


def session_row(one: CourseSession, course: Course, seat: Seat | None, seats: int) -> Row:
    """A session with this person's seat in it."""
    now = clock.now()
    attended: datetime | None = seat.attended_at if seat else None
    coming = seat is not None and seat.taken_at is not None
    left, over = seats_left(one.capacity, seats), one.ends_at <= now
    return {
        "id": one.id,
        "type": "session",
        "title": one.title,
        "url": url_for("training.meeting", slug=course.slug, session_id=one.id),
        "place": one.place,
        "starts_at": one.starts_at,
        "ends_at": one.ends_at,
        "capacity": one.capacity,
        "taken": seats,
        "left": left,
        "over": over,
        "begun": one.starts_at <= now,
        "coming": coming,
        "done": attended is not None,
        "done_at": attended,
        "waits": attended is None and not coming and not over and left != 0,
        "state": "done" if attended else "coming" if coming and not over else "over" if over else "open",
    }


def _tasks(tasks: Sequence[CourseTask], course: Course, actor: Actor) -> dict[str, Row]:
    if not tasks:
        return {}
    last = {report.task_id: report for report in reports_of([one.id for one in tasks], actor.id)}
    return {f"task:{one.id}": task_row(one, course, last.get(one.id)) for one in tasks}


def task_row(one: CourseTask, course: Course, report: TaskReport | None) -> Row:
    """A task with what this person said about it last, and the answer."""
    state = "open" if report is None else report.verdict.value if report.verdict else "said"
    return {
        "id": one.id,
        "type": "task",
        "title": one.title,
        "url": url_for("training.task", slug=course.slug, task_id=one.id),
        "done": state == Verdict.SIGNED,
        "done_at": report.judged_at if report and state == Verdict.SIGNED else None,
        "by": report.judged_by.name if report and report.judged_by else "",
        "word": report.word if report else "",
        "waits": state in {"open", Verdict.SENT_BACK.value},
        "state": state,
    }
