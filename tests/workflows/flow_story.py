"""What the tests of flow and calibration share."""

from datetime import date

import sqlalchemy as sa

from core.db import session
from tests.make import Make
from workflows import deciding
from workflows.definitions import Definition, Question, Seat, Stage
from workflows.flow import Span
from workflows.models import Decision, Task
from workflows.rules import TaskState, Verb

SHANGHAI = "Asia/Shanghai"
CHECKLIST = (
    Question(key="right", text="Is it right?", weight=60),
    Question(key="clear", text="Is it clear?", weight=40),
)


def span(first: date = date(2026, 11, 1), last: date = date(2026, 11, 30)) -> Span:
    return Span(first, last, SHANGHAI)


def watched(share: int = 100) -> Definition:
    stages = (
        Stage(key="business", seats=(Seat(key="business", role="business"),), checklist=CHECKLIST, calibration=share),
        Stage(key="qa", seats=(Seat(key="qa", role="qa"),)),
    )
    return Definition(stages=stages)


def give(make: Make, submission, who, verb: str, *, blind: bool, **answers: bool) -> Decision:
    task = session.scalar(
        sa.select(Task).where(
            Task.review.has(subject_id=submission.id), Task.state == TaskState.OPEN, Task.blind == blind,
            Task.role == "business",
        )
    )  # fmt: skip
    note = {} if verb == "approve" else {"note": "Nein.", "reason": "wrong"}
    return deciding.decide(task.id, who, Verb(verb), seen=task.version, checklist=answers, **note)
