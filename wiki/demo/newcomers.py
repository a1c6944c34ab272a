"""New hires of two cohorts on their path, with tests and daily scores; and a colleague who leaves."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from accounts.models import User
from core.db import session
from wiki.demo.plan import Do, Plan, World
from wiki.kpi.bringing import import_readings
from wiki.people import interviews, leaving, paths
from wiki.people.holdings import held
from wiki.people.leaving_rules import Sort
from wiki.people.path_models import Path, PathStep, StepSort
from wiki.training import learning, ops, quizzes
from wiki.training.rules import Kind, spec

Raw = Mapping[str, Any]
BRINGS_IN = "gaoyuan"
MORNING, AFTERNOON = time(8, 40), time(16, 20)


def plan_newcomers(plan: Plan) -> None:
    """The course and the path first; then each cohort from its first day on; then who leaves."""
    raw = plan.library.newcomers
    plan.at(_moment(plan, raw["course"]["days_ago"], "jiangtao"), _make_course(raw["course"]))
    plan.at(_moment(plan, raw["course"]["days_ago"] - 1, "jiangtao"), _make_path(raw["path"], raw["course"]["title"]))
    for cohort in raw["cohorts"]:
        hired = plan.present.day(cohort["hired_days_ago"], plan.library.zone(raw["path"]["by"]))
        before = _moment(plan, cohort["hired_days_ago"] + 1, raw["path"]["by"])
        plan.at(before, _make_cohort(raw["path"], cohort, hired))
        for person in cohort["people"]:
            _walks(plan, raw, person, hired)
        _bring_scores(plan, cohort, hired)
    plan.at(_moment(plan, raw["leaver"]["days_ago"], raw["leaver"]["by"]), _leaves(plan, raw["leaver"]))
    plan.at(_moment(plan, 1, raw["leaver"]["texts_to"]), _takes_over_one(raw["leaver"]["texts_to"]))


def _moment(plan: Plan, days_ago: int, username: str, at: time = MORNING) -> datetime:
    zone = plan.library.zone(username)
    return datetime.combine(plan.present.day(days_ago, zone), at, zone)


def _on(plan: Plan, hired: date, number: int, username: str, at: time = AFTERNOON) -> datetime:
    """That day of theirs, counted from 1; never after now."""
    day = hired + timedelta(days=number - 1)
    return min(datetime.combine(day, at, plan.library.zone(username)), plan.present.now)


def _walks(plan: Plan, raw: Raw, person: Raw, hired: date) -> None:
    course = raw["course"]
    if person["tests"]:
        plan.at(_on(plan, hired, person["tests"], person["who"]), _take(course, person["who"]))
    for number, day in person["signed"].items():
        by = person["who"] if raw["path"]["steps"][number - 1]["sort"] == "reading" else person["signer"]
        plan.at(_on(plan, hired, day, person["who"], time(17, 30)), _sign(raw["path"]["name"], number, person, by))


def _bring_scores(plan: Plan, cohort: Raw, hired: date) -> None:
    """Week by week, and before a month is closed."""
    weeks: dict[tuple[Any, ...], list[tuple[date, str, int]]] = defaultdict(list)
    for person in cohort["people"]:
        for number, score in person["scores"].items():
            day = hired + timedelta(days=number - 1)
            weeks[(*day.isocalendar()[:2], day.month)].append((day, person["who"], score))
    zone = plan.library.zone(BRINGS_IN)
    for rows in weeks.values():
        last = max(day for day, _who, _score in rows)
        at = datetime.combine(last + timedelta(days=1), time(7, 30), zone)
        plan.at(min(at, plan.present.now), _bring(sorted(rows)))


# ── the acts ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _make_course(raw: Raw) -> Do:
    def make(world: World) -> None:
        actor = world.actors[raw["author"]]
        made = ops.create_course(actor, ops.CourseSpec(raw["title"], raw["summary"], Decimal(raw["credits"])))
        world.courses[raw["title"]] = made
        for lesson in raw["lessons"]:
            ops.add_lesson(made, actor, world.articles[lesson["article"]].slug, task=lesson["task"])
        asked = tuple(spec(Kind.SINGLE, one["text"], one["options"], one["correct"] - 1) for one in raw["quiz"])
        quizzes.add_quiz(made, actor, quizzes.QuizSpec(raw["title"], 80, 5), asked)
        ops.publish(made, actor)

    return make


def _make_path(raw: Raw, course: str) -> Do:
    def make(world: World) -> None:
        actor = world.actors[raw["by"]]
        path = paths.save_path(actor, raw["name"], target=Decimal(raw["target"]))
        for step in raw["steps"]:
            sort = StepSort(step["sort"])
            what = world.articles[step["article"]].slug if sort is StepSort.READING else ""
            what = world.courses[course].slug if sort is StepSort.COURSE else what
            paths.add_step(path, actor, step["day"], sort, title=step.get("title", ""), what=what)

    return make


def _make_cohort(raw: Raw, cohort: Raw, hired: date) -> Do:
    def make(world: World) -> None:
        actor = world.actors[raw["by"]]
        path = session.scalars(sa.select(Path).where(Path.name == raw["name"])).one()
        made = paths.make_cohort(actor, cohort["name"], path, hired)
        paths.add_people(made, actor, [_user(world, person["who"]) for person in cohort["people"]])

    return make


def _user(world: World, username: str) -> User:
    return session.get_one(User, world.actors[username].id)


def _take(raw: Raw, username: str) -> Do:
    def take(world: World) -> None:
        course, actor = world.courses[raw["title"]], world.actors[username]
        for lesson in course.lessons:
            learning.confirm(lesson, actor)
        quiz = course.quizzes[0]
        learning.hand_in(quiz, actor, {question.id: list(question.key) for question in quiz.questions})

    return take


def _sign(path: str, number: int, person: Raw, by: str) -> Do:
    def sign(world: World) -> None:
        newcomer = paths.newcomer_of(world.actors[person["who"]].id)
        steps = sa.select(PathStep).join(Path, Path.id == PathStep.path_id).where(Path.name == path)
        if newcomer is not None:
            step = session.scalars(steps.order_by(PathStep.day)).all()[number - 1]
            paths.sign(newcomer, world.actors[by], step.id)

    return sign


def _bring(rows: list[tuple[date, str, int]]) -> Do:
    def bring(world: World) -> None:
        lines = [
            (n, {"indicator": "qa_score", "subject": who, "period": f"{day:%Y-%m-%d}", "numerator": str(score),
                 "denominator": "1"})
            for n, (day, who, score) in enumerate(rows, 1)
        ]  # fmt: skip
        report = import_readings(world.actors[BRINGS_IN], lines, source="qa-daily.csv")
        if report.errors:
            raise ValueError(f"daily score: {report.errors[0]}")

    return bring


def _leaves(plan: Plan, raw: Raw) -> Do:
    def leave(world: World) -> None:
        actor = world.actors[raw["by"]]
        last_day = plan.present.day(-raw["last_day_in"], plan.library.zone(raw["by"]))
        row = leaving.mark(actor, world.actors[raw["who"]].id, last_day, disable=True, note=raw["note"])
        texts, rest = (world.actors[raw[name]].id for name in ("texts_to", "rest_to"))
        keys = sorted(held(row.user, actor).keys)
        chosen = {key: texts if key[0] is Sort.ARTICLE else rest for key in keys if key[0] is not Sort.DRAFT}
        leaving.hand_on(row, actor, chosen)  # of the drafts nobody has thought yet
        interviews.ask_for(row, actor, world.actors[raw["interviewer"]].id)

    return leave


def _takes_over_one(username: str) -> Do:
    def take(world: World) -> None:
        actor = world.actors[username]
        row = session.scalars(leaving.waiting_for(actor)).first()
        if row is not None:
            leaving.accept(leaving.find_handover(row.id, actor), actor)

    return take
