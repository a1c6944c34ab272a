"""How judging lives in the demo: pipelines of the house, checklists, second opinions, remarks, absences, experts."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa

from accounts import absences
from core.db import session
from wiki.demo.content import Library, Text
from wiki.demo.hours import OPENS
from wiki.demo.plan import Do, Plan, World
from workflows import deciding, experts, pipelines
from workflows.calendar_models import ShiftCalendar
from workflows.calendar_ops import save_calendar
from workflows.calendar_queries import OFFICE
from workflows.calendar_texts import special_days
from workflows.caretakers import save_caretakers
from workflows.deciding import Passage
from workflows.models import Decision, Review, Task
from workflows.queries import eligible_for
from workflows.rules import Reason, TaskState, Verb

YES = {Verb.APPROVE: 0.95, Verb.SEND_BACK: 0.6, Verb.REJECT: 0.3}  # how often a question is answered yes
AGREES = 0.88  # how often a second opinion is the first
REASONS = {Verb.SEND_BACK: Reason.INCOMPLETE, Verb.REJECT: Reason.WRONG}


def found(library: Library, world: World) -> None:
    """What a manager sets up on the first day."""
    told = library.reviewing
    manager = world.actors[told["pipelines"]["by"]]
    for category, people in told["caretakers"].items():
        save_caretakers(manager, category, people)
    for key in told["pipelines"]["sampled"]:
        pipeline = pipelines.newest(key)
        document = pipeline.definition.model_dump(mode="json")
        for stage in document["stages"]:
            stage["calibration"] = told["pipelines"]["percent"] if stage["key"] == "qa" else 0
        pipelines.save_pipeline(manager, key, pipeline.name, document)
    _typo(manager, told["pipelines"]["typo"])
    office = session.scalars(sa.select(ShiftCalendar).where(ShiftCalendar.slug == OFFICE)).one()
    save_calendar(
        manager,
        OFFICE,
        name=office.name,
        timezone=office.timezone,
        week=office.value.week,
        exceptions=special_days(told["holidays"]),
    )


def _typo(manager: Any, told: dict[str, Any]) -> None:
    seat = {"key": "business", "role": "business"}
    document = {
        "stages": [{"key": "business", "seats": [seat], "due_hours": told["hours"], "bulk": True}],
        "applies": {"topics": told["kinds"], "significances": ["typo"]},
    }
    pipelines.save_pipeline(manager, None, told["name"], document)


def about(text: Text, library: Library, task: Task, verb: Verb, chance: Random) -> dict[str, Any]:
    """Checklist, reason and remarks on passages of a verdict."""
    asked = task.definition_stage.checklist
    said: dict[str, Any] = {"checklist": {q.key: chance.random() < YES[verb] for q in asked}}
    if verb is not Verb.APPROVE:
        said["reason"] = REASONS[verb].value
    if verb is Verb.SEND_BACK and text.state == "returned":
        said["remarks"] = [Passage(**passage) for passage in library.reviewing["passages"].get(text.title, [])]
    return said


def second_opinion(world: World, decision: Decision, chance: Random) -> None:
    """Where the item was drawn for it, a second person judges it without knowing the first verdict."""
    drawn = sa.select(Task).where(
        Task.round_id == decision.round_id, Task.stage == decision.stage, Task.blind, Task.state == TaskState.OPEN
    )
    task = session.scalars(drawn).first()
    able = [user.username for user in eligible_for(task)] if task is not None else []
    if task is None or not able:
        return
    agrees = chance.random() < AGREES
    verb = decision.verb if agrees else (Verb.SEND_BACK if decision.verb is Verb.APPROVE else Verb.APPROVE)
    checklist = {key: value if chance.random() < AGREES else not value for key, value in decision.checklist.items()}
    judge = world.actors[chance.choice(able)]
    note = "" if verb is Verb.APPROVE else (decision.note or world.remark(decision.stage, judge.locale or "zh_Hans"))
    deciding.decide(task.id, judge, verb, seen=task.version, note=note, checklist=checklist)


def plan_judging(plan: Plan) -> None:
    """Absences and questions to experts."""
    for row in plan.library.reviewing["away"]:
        plan.at(_said(plan, row), _away(plan, row))
    for number, row in enumerate(plan.library.reviewing["experts"]):
        plan.at(plan.present.now - timedelta(minutes=50 - 10 * number), _asks(row))


def _said(plan: Plan, row: dict[str, Any]) -> datetime:
    """Announced three days before, or an hour ago."""
    return min(_first_day(plan, row) - timedelta(days=3), plan.present.now - timedelta(hours=1))


def _first_day(plan: Plan, row: dict[str, Any]) -> datetime:
    zone = plan.library.zone(row["who"])
    return datetime.combine(plan.present.day(row["days_ago"], zone), OPENS, zone)


def _away(plan: Plan, row: dict[str, Any]) -> Do:
    starts = _first_day(plan, row)

    def announce(world: World) -> None:
        who = world.actors[row["who"]]
        until = starts + timedelta(days=row["days"])
        absences.announce(who, who.id, starts, until, row["deputy"], note=row["note"])

    return announce


def _asks(row: dict[str, Any]) -> Do:
    def ask(world: World) -> None:
        waiting = sa.select(Task).join(Task.review).where(Review.title.contains(row["text"]))
        task = session.scalars(waiting.where(Task.state == TaskState.OPEN, sa.not_(Task.blind))).first()
        free = [user.username for user in eligible_for(task)] if task is not None else []
        if task is None or not free:
            return
        asker = world.actors[free[0]]
        if "colleague" in row:
            experts.ask_colleague(task.id, asker, username=row["colleague"], question=row["question"])
            return
        request, _link = experts.ask_outside(task.id, asker, name=row["outside"], question=row["question"])
        experts.answer(request, **row["answer"])

    return ask
