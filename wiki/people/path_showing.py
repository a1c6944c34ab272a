"""Paths, cohorts and new hires as pages show them."""

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flask import url_for

from core.actors import Actor
from core.i18n import _, _l
from core.permissions import can
from wiki.articles.permissions import P as Articles
from wiki.kpi.rules import two_places
from wiki.people.path_duties import Touched, owed_for_it, touched, works_of
from wiki.people.path_models import SIGNED, Cohort, Path, StepSort
from wiki.people.paths import today
from wiki.people.permissions import P
from wiki.people.proficiency_rules import BY_DAY, change, median, row_until, scored_days, share_by
from wiki.people.standing import Standing, StepDone

SORT_NAMES = {
    StepSort.COURSE: _l("Course"),
    StepSort.READING: _l("Must-read"),
    StepSort.SHADOW: _l("Beside a colleague"),
    StepSort.TASK: _l("Task, signed"),
    StepSort.SOLO: _l("First solo call"),
}


def cohort_rows(every: Sequence[Cohort], found: Sequence[Standing]) -> list[dict[str, Any]]:
    """The cohorts with people, newest first, each compared with the one before it on the same path."""
    people: dict[int, list[Standing]] = defaultdict(list)
    for one in found:
        people[one.newcomer.cohort_id].append(one)
    rows: list[dict[str, Any]] = []
    last: dict[int, dict[str, Any]] = {}  # the cohort before, by path
    for cohort in sorted(every, key=lambda one: (one.starts_on, one.id)):
        row = figures_of(cohort, people[cohort.id])
        before = last.get(cohort.path_id)
        row["before"] = before["name"] if before else None
        row["change"] = change(row["median"], before["median"]) if before else None
        if row["people"]:
            last[cohort.path_id] = row
        rows.append(row)
    return rows[::-1]


def figures_of(cohort: Cohort, some: Sequence[Standing]) -> dict[str, Any]:
    """The figures of one cohort, from the people whom the reader may see."""
    lives = [one.life for one in some]
    return {
        "id": cohort.id,
        "name": cohort.name,
        "url": url_for("paths.cohort", cohort_id=cohort.id),
        "path": cohort.path.name,
        "path_url": url_for("paths.show", path_id=cohort.path_id),
        "team": cohort.team.name if cohort.team else "",
        "starts_on": cohort.starts_on,
        "people": len(some),
        "done": sum(1 for one in lives if one.done),
        "waiting": sum(1 for one in some if not one.life.done and one.newcomer.ended_on is None),
        "gone": sum(1 for one in some if not one.life.done and one.newcomer.ended_on is not None),
        "longest": max((one.days for one in lives if not one.done), default=0),
        "median": median(lives),
        "by_day": percent(share_by(lives, BY_DAY)),
        "late": sum(1 for one in some if one.late),
    }


def percent(share: Fraction | None) -> str | None:
    """A share as whole percent, half-up."""
    return None if share is None else str(int(share * 100 + Fraction(1, 2)))


def row_of(one: Standing, who: Actor) -> dict[str, Any]:
    """One new hire in a list, in words that the reader may know."""
    person = one.newcomer
    return {
        "id": person.id,
        "name": person.user.name,
        "team": person.user.team.name if person.user.team else "",
        "url": url_for("paths.newcomer", newcomer_id=person.id),
        "hired_on": person.hired_on,
        "ended_on": person.ended_on,
        "number": one.number,
        "done": one.done,
        "steps": len(one.steps),
        "late": one.late,
        "now": [_title(step.step, who) for step in one.now],
        "tests_passed": sum(1 for _quiz, day in one.tests if day is not None),
        "tests": len(one.tests),
        "row": _row(one)[0],
        "needed": person.cohort.path.in_a_row,
        "scored": len(one.scores),
        "proficient_on": one.proficient_on,
        "proficient_day": one.proficient_day,
    }


def _row(one: Standing) -> tuple[int, list[tuple[Any, Fraction]]]:
    person = one.newcomer
    until = min(person.ended_on or today(), today())
    scored = scored_days(person.hired_on, until, one.scores, works_of(person.user))
    return row_until(until, scored, Fraction(person.cohort.path.target)), scored


def page_of(one: Standing, who: Actor) -> dict[str, Any]:
    """Everything on the page of one new hire."""
    person, path = one.newcomer, one.newcomer.cohort.path
    counted, scored = _row(one)
    goal = Fraction(path.target)
    ends = can(who, P.KEEP_PATHS) and person.ended_on is None
    signs, walks = can(who, P.SIGN_STEP, person), can(who, P.WALK, person)
    return {
        "hire": {**row_of(one, who), "cohort": person.cohort.name, "path": path.name},
        "is_self": person.user_id == who.id,
        "cohort_url": url_for("paths.cohort", cohort_id=person.cohort_id) if can(who, P.SEE_COHORTS) else None,
        "today": [_step(step, one, who, signs, walks) for step in one.now],
        "steps": [_step(step, one, who, signs, walks) for step in one.steps],
        "tests": [
            {"title": quiz.title, "course": quiz.course.title, "passed_on": day,
             "url": url_for("training.course", slug=quiz.course.slug)}
            for quiz, day in one.tests
        ],
        "scores": [
            {"day": day, "value": two_places(value), "good": value >= goal} for day, value in reversed(scored)
        ],
        "target": path.target,
        "counted": counted,
        "passed_on": one.passed_on,
        "may": {"end": ends},
        "freed": owed_for_it(person) if ends else [],
        "today_day": today(),
    }  # fmt: skip


def _step(done: StepDone, one: Standing, who: Actor, signs: bool, walks: bool) -> dict[str, Any]:
    step, mark = done.step, done.mark
    open_ = one.newcomer.ended_on is None
    return {
        "id": step.id,
        "day": step.day,
        "due_on": done.due_on,
        "title": _title(step, who),
        "sort": step.sort.value,
        "word": SORT_NAMES[step.sort],
        "url": _address(step, who),
        "done_on": done.done_on,
        "late": open_ and done.done_on is None and step.day < one.number,
        "by": mark.by.name if mark else None,
        "note": mark.note if mark else "",
        "may_sign": open_ and done.done_on is None
        and ((step.sort in SIGNED and signs) or (step.sort is StepSort.READING and walks)),
        "may_take_back": open_ and mark is not None
        and ((step.sort in SIGNED and signs) or (step.sort is StepSort.READING and walks)),
    }  # fmt: skip


def _title(step: Any, who: Actor) -> str:
    closed = step.article is not None and not can(who, Articles.READ, step.article)
    return _("A text for a closed circle") if closed else str(step.title)


def _address(step: Any, who: Actor) -> str | None:
    if step.course is not None:
        return url_for("training.course", slug=step.course.slug)
    if step.article is not None and can(who, Articles.READ, step.article):
        return url_for("articles.show", slug=step.article.slug)
    return None


def step_rows(path: Path, who: Actor, *, removing: bool) -> list[dict[str, Any]]:
    """The steps on the page of their path; for who may take them out, with whom that touches."""
    found = touched(path) if removing else {}
    nobody = Touched()
    return [
        {
            "id": step.id,
            "day": step.day,
            "title": _title(step, who),
            "sort": step.sort.value,
            "word": SORT_NAMES[step.sort],
            "url": _address(step, who),
            "freed": found.get(step.id, nobody).freed,
            "kept": found.get(step.id, nobody).kept,
        }
        for step in path.steps
    ]
