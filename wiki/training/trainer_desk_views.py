"""The trainer's desk: what changed, who is behind, hard questions, how teams did – each table also as a file."""

from typing import Any

from flask import render_template, request, url_for

from core.db import session
from core.i18n import _
from core.tables import TYPES, Sheet
from core.texts import one_line
from core.web import Page, actor, gate, paginate
from wiki.training import trainer_desk as reads
from wiki.training.models import Question
from wiki.training.must_read_views import file_of
from wiki.training.permissions import P
from wiki.training.views import bp

SHOWN, COURSES_PER_PAGE, IN_A_FILE = 20, 10, 10_000


@bp.get("/training/desk")
@gate(P.TEACH)
def trainer_desk() -> Any:
    """My courses, or with ``?of=all`` those of everybody; ``?table=…&form=xlsx`` gives a table as a file."""
    who, every = actor(), request.args.get("of") == "all"
    form, table = request.args.get("form", ""), request.args.get("table", "")
    if form in TYPES and table in _SHEETS:
        return file_of([_SHEETS[table](every)], form, table)
    page: Page = paginate(reads.courses(who, every=every), per=COURSES_PER_PAGE)
    return render_template(
        "training/desk.html",
        every=every,
        marked=[_lesson(one) for one in reads.marked(who, every=every, limit=SHOWN)],
        resting=[_question(one) for one in reads.resting(who, every=every, limit=SHOWN)],
        behind=reads.behind(who, every=every, limit=SHOWN + 1),
        hard=[
            {**_question(one.question), "asked": one.asked, "share": one.share}
            for one in reads.hard(who, every=every, limit=SHOWN)
        ],
        cohorts=reads.cohorts(page.items) if page.items else [],
        page=page,
        shown=SHOWN,
    )


def _lesson(lesson: Any) -> dict[str, Any]:
    return {
        "course": lesson.course.title,
        "edit_url": url_for(".edit", slug=lesson.course.slug),
        "title": lesson.article.title,
        "article_url": url_for("articles.show", slug=lesson.article.slug),
        "taught": lesson.publication.version,
        "live": lesson.article.version,
        "at": lesson.marked_at,
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "text": one_line(question.text)[:160],
        "course": question.quiz.course.title,
        "url": url_for(".edit_question", quiz_id=question.quiz_id, question_id=question.id),
        "at": question.suspended_at,
    }


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _changed_sheet(every: bool) -> Sheet:
    who = actor()
    rows: list[list[Any]] = [
        [row["course"], _("Lesson"), row["title"], row["taught"], row["live"], row["at"]]
        for row in (_lesson(one) for one in reads.marked(who, every=every, limit=IN_A_FILE))
    ]
    rows += [
        [row["course"], _("Question"), row["text"], "", "", row["at"]]
        for row in (_question(one) for one in reads.resting(who, every=every, limit=IN_A_FILE))
    ]
    head = [_("Course"), _("What"), _("Text"), _("Teaches version"), _("Valid version"), _("Since")]
    return Sheet(_("What has changed"), head, rows)


def _behind_sheet(every: bool) -> Sheet:
    rows: list[list[Any]] = [
        [
            one.due_on,
            one.name,
            one.team,
            one.course,
            _("late") if one.late else _("soon"),
            _("yes") if one.begun else "",
        ]
        for one in reads.behind(actor(), every=every, limit=IN_A_FILE)
    ]  # fmt: skip
    return Sheet(
        _("Who is behind"), [_("Until"), _("Full name"), _("Team"), _("Course"), _("State"), _("Has begun")], rows
    )


def _hard_sheet(every: bool) -> Sheet:
    rows: list[list[Any]] = [
        [one.question.quiz.course.title, one.question.text, one.share, one.asked]
        for one in reads.hard(actor(), every=every, limit=IN_A_FILE)
    ]
    head = [_("Course"), _("Question"), _("Answered right, per cent"), _("Answers")]
    return Sheet(_("Hard questions"), head, rows)


def _cohorts_sheet(every: bool) -> Sheet:
    who = actor()
    shown = list(session.scalars(reads.courses(who, every=every)))
    rows: list[list[Any]] = [
        [
            one.course.title, one.team, len(one.people), one.completed, one.score,
            None if one.days is None else round(one.days, 1),
        ]
        for one in (reads.cohorts(shown) if shown else [])
    ]  # fmt: skip
    head = [_("Course"), _("Team"), _("Learners"), _("Completed"), _("Mean score"), _("Mean days to complete")]
    return Sheet(_("Teams"), head, rows)


_SHEETS = {"changed": _changed_sheet, "behind": _behind_sheet, "questions": _hard_sheet, "teams": _cohorts_sheet}
