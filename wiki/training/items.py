"""What the first attempts at a quiz say about its questions, read from the answers that are on record. An attempt that
was declared void says nothing: another person sat there, or the key was on the wall."""

from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from core.db import session
from core.i18n import _
from wiki.training.item_rules import ENOUGH, Finding, First, Item, findings, item
from wiki.training.models import Attempt, AttemptAnswer, Question, Quiz
from wiki.training.presenting import truth
from wiki.training.rules import Kind


def firsts(quiz_id: int) -> dict[int, list[First]]:
    """The first answers to each question of a quiz, also to those that it no longer asks; one statement."""
    rows = session.execute(
        sa.select(AttemptAnswer.attempt_id, AttemptAnswer.question_id, AttemptAnswer.right, AttemptAnswer.answer)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .where(Attempt.quiz_id == quiz_id, Attempt.number == 1, Attempt.counts)
    )
    attempts: dict[int, list[Any]] = defaultdict(list)
    for attempt_id, *row in rows:
        attempts[attempt_id].append(row)
    found: dict[int, list[First]] = defaultdict(list)
    for answers in attempts.values():
        total = sum(right for _question, right, _answer in answers)
        for question_id, right, answer in answers:
            others = len(answers) - 1
            found[question_id].append(First(right, (total - right) / others if others else 0.0, tuple(answer)))
    return found


def of_quiz(quiz: Quiz) -> list[dict[str, Any]]:
    """Every question that has been answered, the conspicuous ones first."""
    found = firsts(quiz.id)
    questions = session.scalars(sa.select(Question).where(Question.id.in_(found), Question.retired_at.is_(None)))
    rows = [_row(question, item(found[question.id])) for question in questions]
    return sorted(rows, key=lambda row: (-len(row["findings"]), row["difficulty"] or 0, row["id"]))


def _row(question: Question, found: Item) -> dict[str, Any]:
    options = [one.id for one in question.options] if question.kind is not Kind.ORDER else []
    return {
        "id": question.id,
        "text": question.text,
        "answers": found.answers,
        "enough": found.answers >= ENOUGH,
        "difficulty": round(100 * found.difficulty) if found.difficulty is not None else None,
        "discrimination": found.discrimination,
        "findings": [word(one) for one in findings(found, options, question.key)],
        "options": [
            {
                "text": one.text or truth(one.id),
                "right": one.id in question.key,
                "chosen": found.chosen.get(one.id, 0),
                "share": round(100 * found.chosen.get(one.id, 0) / found.answers) if found.answers else 0,
            }
            for one in question.options
            if one.id in options
        ],
    }


def word(finding: Finding) -> str:
    """A finding in the reader's language."""
    return {
        Finding.TOO_EASY: _("Too easy: nearly everybody knows it"),
        Finding.TOO_HARD: _("Too hard: few know it"),
        Finding.WEAK: _("Discriminates badly: those who know the rest do not know this better"),
        Finding.MISLEADS: _("A wrong option is chosen more than the right one"),
        Finding.IDLE: _("One wrong option is never chosen"),
    }[finding]


def first_answers(quiz: Quiz, question_id: int) -> sa.Select[AttemptAnswer, Attempt]:
    """Who answered this question at the first attempt, and what; the newest first."""
    return (
        sa.select(AttemptAnswer, Attempt)
        .join(Attempt, Attempt.id == AttemptAnswer.attempt_id)
        .where(Attempt.quiz_id == quiz.id, Attempt.number == 1, Attempt.counts)
        .where(AttemptAnswer.question_id == question_id)
        .options(sa.orm.joinedload(Attempt.user))
        .order_by(Attempt.id.desc())
    )
