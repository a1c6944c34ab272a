"""From rows to what pages show: courses in a list, the steps of a course, a quiz before and after it is handed in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from flask import url_for

from core.actors import Actor
from core.i18n import _
from core.markup import shown
from core.permissions import can
from wiki.articles.permissions import P as Reading
from wiki.training.asking import how_many
from wiki.training.following import to_read_again
from wiki.training.models import Attempt, Course, Lesson, Question, Quiz
from wiki.training.permissions import P
from wiki.training.queries import Progress, attempts_of, lessons_done, progress_of
from wiki.training.rules import (
    Kind,
    QuestionSpec,
    Standing,
    attempts_left,
    may_see_key,
    mixed,
    seed_of,
    shuffled,
)
from wiki.training.stepping import whole
from wiki.training.versions import Edition, seen_by

CHIPS = {
    Standing.DONE: "done",
    Standing.OVERDUE: "overdue",
    Standing.DUE_SOON: "due_soon",
    Standing.STARTED: "started",
    Standing.ASSIGNED: "assigned",
    Standing.OPEN: "open",
}


def standing_word(standing: Standing) -> str:
    """How somebody stands towards a course, in the reader's language."""
    return {
        Standing.DONE: _("Completed"),
        Standing.OVERDUE: _("Overdue"),
        Standing.DUE_SOON: _("Due soon"),
        Standing.STARTED: _("Under way"),
        Standing.ASSIGNED: _("Not begun"),
        Standing.OPEN: _("Open to everybody"),
    }[standing]


def course_rows(actor: Actor, courses: Sequence[Course]) -> list[dict[str, Any]]:
    """Courses as a learner sees them in a list; one statement for all of them."""
    found = progress_of(actor.id, [course.id for course in courses])
    return [course_row(course, found.get(course.id, Progress())) for course in courses]


def course_row(course: Course, progress: Progress) -> dict[str, Any]:
    """One course in a learner's list."""
    return {
        "title": course.title,
        "url": url_for("training.course", slug=course.slug),
        "credits": course.credits,
        "trainer": course.author.name,
        "lessons": progress.lessons,
        "quizzes": progress.quizzes,
        "practice": progress.practice,
        "done": progress.steps_done,
        "of": progress.steps,
        "due_on": progress.due_on,
        "state": CHIPS[progress.standing],
        "state_word": standing_word(progress.standing),
        "completed_at": progress.completed_at,
    }


def steps_of(course: Course, actor: Actor, edition: Edition | None = None) -> dict[str, Any]:
    """Every step with this person's state, in order, and where to go on (``next_url``, ``None``: nothing waits)."""
    found = edition or seen_by(course, actor)
    done = lessons_done(course, actor.id)
    attempts = attempts_of(actor.id, [quiz.id for quiz in found.quizzes])
    again = to_read_again(actor.id, [lesson.id for lesson in found.lessons]) if done else set()
    lessons = [_lesson(one, number, done, actor, again=one.id in again) for number, one in enumerate(found.lessons, 1)]
    quizzes = [quiz_row(quiz, [a for a in attempts if a.quiz_id == quiz.id]) for quiz in found.quizzes]
    return whole(course, actor, found.outline, lessons, quizzes)


def _lesson(lesson: Lesson, number: int, done: Mapping[int, Any], actor: Actor, *, again: bool) -> dict[str, Any]:
    readable = can(actor, P.READ_LESSON, lesson)
    confirmed = done.get(lesson.id)
    return {
        "n": number,
        "id": lesson.id,
        "title": lesson.publication.revision.title if readable else _("A text for a closed circle"),
        "url": url_for("training.lesson", slug=lesson.course.slug, number=number) if readable else None,
        "kind": lesson.article.kind,
        "slug": lesson.article.slug,
        "task": lesson.task if readable else "",
        "version": lesson.publication.version,
        "live": lesson.article.version if lesson.is_behind else None,
        "retired": not lesson.article.live,
        "marked": lesson.marked_at is not None,
        "restricted": lesson.article.audience == "restricted",
        "done_at": confirmed.at if confirmed else None,
        "again": again and readable,
        "before": confirmed.publication.version if confirmed and again else None,
        "state": "again" if again and readable else "done" if confirmed else "open",
    }


def quiz_row(quiz: Quiz, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """A quiz in the list of a course."""
    passed = any(attempt.passed for attempt in attempts)
    return {
        "id": quiz.id,
        "title": quiz.title,
        "url": url_for("training.quiz", quiz_id=quiz.id),
        "questions": how_many(quiz),
        "pass_mark": quiz.pass_mark,
        "attempts": len(attempts),
        "left": attempts_left(quiz.attempts_allowed, len(attempts), passed=passed),
        "best": max((attempt.score for attempt in attempts if attempt.counts), default=None),
        "passed": passed,
        "result_url": url_for("training.result", attempt_id=attempts[-1].id) if attempts else None,
        "state": "passed" if passed else "failed" if attempts else "open",
    }


def summary_html(course: Course) -> Any:
    """The summary as markup."""
    return shown(course.summary) if course.summary else None


# --- Quizzes -------------------------------------------------------------------------------------------------------


def questions_to_take(
    quiz: Quiz, questions: Iterable[Question], user_id: int, number: int, given: Mapping[int, Any]
) -> list[dict[str, Any]]:
    """The questions as this attempt shows them, with what was chosen so far and without the key."""
    return [question_to_take(one, user_id, number, given.get(one.id), quiz=quiz) for one in questions]


def question_to_take(
    question: Question, user_id: int, number: int, given: Any = None, *, quiz: Quiz | None = None
) -> dict[str, Any]:
    """One question without its key, its options in the order of this attempt."""
    return {
        "id": question.id,
        "type": question.kind.value,
        "text": question.text,
        "options": [
            {"id": one.id, "text": one.text or truth(one.id), "chosen": _chosen(question.kind, one.id, given)}
            for one in options_to_take(question, user_id, number, quiz=quiz)
        ],
        "answer": given if question.kind is Kind.FILL_IN else None,
    }


def options_to_take(question: Question, user_id: int, number: int, *, quiz: Quiz | None = None) -> list[Any]:
    """The options in the order of this attempt; true always stands before false, and what is to be put in order is
    never in order already."""
    options = list(question.options)
    quiz = quiz or question.quiz
    if question.kind is Kind.TRUE_FALSE or (not quiz.shuffle and question.kind is not Kind.ORDER):
        return options
    seed = f"{seed_of(quiz.id, user_id, number)}:{question.id}"
    ids = [option.id for option in options]
    order = mixed(ids, question.key, seed) if question.kind is Kind.ORDER else shuffled(ids, seed)
    return sorted(options, key=lambda option: order.index(option.id))


def as_met(spec: QuestionSpec) -> dict[str, Any]:
    """A question that is being written, as a learner would meet it; it is stored nowhere."""
    question = Question(
        id=0,
        kind=spec.kind,
        text=spec.text,
        option_texts=[one.text for one in spec.options],
        key=list(spec.key),
    )
    return question_to_take(question, 0, 1, quiz=Quiz(id=0, shuffle=True))


def _chosen(kind: Kind, option_id: str, given: Any) -> Any:
    if given is None:
        return False
    if isinstance(given, dict):  # numbers of a question of order, as typed
        return given.get(option_id)
    if kind is Kind.ORDER:
        return given.index(option_id) + 1 if option_id in given else None
    return option_id in given if isinstance(given, list | tuple) else option_id == given


def truth(option_id: str) -> str:
    """The words for 'true' and 'false'."""
    return {"true": _("True"), "false": _("False")}.get(option_id, option_id)


def result_of(attempt: Attempt, made: Sequence[Attempt], actor: Actor) -> dict[str, Any]:
    """A handed-in attempt: per question right or wrong, and per wrong one why and where it is written."""
    quiz = attempt.quiz
    passed = any(one.passed for one in made)
    show_key = may_see_key(quiz.attempts_allowed, len(made), passed=passed) or can(actor, P.TEACH)
    return {
        "score": attempt.score,
        "pass_mark": attempt.pass_mark,
        "passed": attempt.passed,
        "right": sum(answer.right for answer in attempt.answers),
        "of": len(attempt.answers),
        "left": attempts_left(quiz.attempts_allowed, len(made), passed=passed),
        "shows_key": show_key,
        "questions": [answered(answer, actor, show_key=show_key, course=quiz.course) for answer in attempt.answers],
    }


def answered(answer: Any, actor: Actor, *, show_key: bool, course: Course | None = None) -> dict[str, Any]:
    """One answer (of an attempt, or to a question asked again): right or wrong, why, and where it is written."""
    question: Question = answer.question
    one_only = question.kind in {Kind.SINGLE, Kind.TRUE_FALSE}
    return {
        "id": question.id,
        "type": question.kind.value,
        "text": question.text,
        "right": answer.right,
        "options": _ordered(answer, show_key=show_key)
        if question.kind is Kind.ORDER
        else [
            {
                "text": one.text or truth(one.id),
                "chosen": one.id in answer.answer,
                "right": one.id in question.key if show_key or (answer.right and one.id in answer.answer) else None,
                "wrong": one.id in answer.answer
                and not answer.right
                and (one_only or (show_key and one.id not in question.key)),
            }
            for one in question.options
        ],
        "answer": ", ".join(answer.answer) if question.kind is Kind.FILL_IN else None,
        "accepted": list(question.key) if question.kind is Kind.FILL_IN and show_key else [],
        "because": question.explanation if not answer.right or show_key else "",
        "passage": question.passage if not answer.right else "",
        "source": source_of(question, actor, course) if not answer.right else None,
    }


def _ordered(answer: Any, *, show_key: bool) -> list[dict[str, Any]]:
    """The options of a question of order as they were numbered; where each belongs, when that may be seen."""
    key, given = list(answer.question.key), list(answer.answer)
    rows = [
        {
            "text": one.text,
            "place": given.index(one.id) + 1 if one.id in given else None,
            "belongs": key.index(one.id) + 1 if show_key else None,
        }
        for one in answer.question.options
    ]
    for row in rows:
        row["right"] = answer.right or (show_key and row["place"] == row["belongs"])
        row["wrong"] = show_key and not row["right"]
    return sorted(rows, key=lambda row: (row["place"] or len(rows), row["text"]))


def source_of(question: Question, actor: Actor, course: Course | None = None) -> dict[str, str] | None:
    """Where the answer is written: the lesson of this course that teaches the article, else the article itself."""
    if question.article is None:
        return None
    course = course or question.quiz.course
    taught = any(lesson.article_id == question.article_id for lesson in course.lessons)
    lessons = seen_by(course, actor).lessons if taught and can(actor, P.SEE_COURSE, course) else []
    for number, lesson in enumerate(lessons, 1):
        if lesson.article_id == question.article_id and can(actor, P.READ_LESSON, lesson):
            url = url_for("training.lesson", slug=course.slug, number=number)
            return {"title": question.article.title, "url": url + fragment(question.passage)}
    if not can(actor, Reading.READ, question.article):
        return None
    url = url_for("articles.show", slug=question.article.slug)
    return {"title": question.article.title, "url": url + fragment(question.passage)}


def fragment(passage: str) -> str:
    """The part of an address that makes a browser scroll to a passage and mark it; others ignore it."""
    words = passage.strip().split("\n")[0][:60].strip()
    return "#:~:text=" + quote(words, safe="").replace("-", "%2D") if words else ""


# --- For those who teach -------------------------------------------------------------------------------------------


def question_rows(questions: Iterable[Question], actor: Actor) -> list[dict[str, Any]]:
    """Questions with their key, as the trainer edits them."""
    return [
        {
            "id": question.id,
            "type": question.kind.value,
            "text": question.text,
            "options": [
                {"text": one.text or truth(one.id), "right": one.id in question.key} for one in question.options
            ],
            "accepted": list(question.key) if question.kind is Kind.FILL_IN else [],
            "explanation": question.explanation,
            "passage": question.passage,
            "suspended": question.suspended_at is not None,
            "article": question.article.title
            if question.article and can(actor, Reading.READ, question.article)
            else None,
        }
        for question in questions
    ]
