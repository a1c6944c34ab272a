"""Who answers for which indicator, a target that rose, and appeals: answered ones and one that waits."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.i18n import choose_zone
from wiki.demo.plan import Do, Plan, World
from wiki.demo.readings import day_of_next
from wiki.kpi import appeals, indicators
from wiki.kpi.cards import card
from wiki.kpi.periods import Period, of_moment, parse
from wiki.kpi.subjects import Subject, find

KEEPER = "gaoyuan"
MORNING, AFTERNOON = 10, 15  # o'clock


def plan_figures(plan: Plan) -> None:
    """What is said in ``kpi.yaml`` beside the readings."""
    data = plan.library.readings
    running = of_moment(plan.present.now, choose_zone())

    def month(token: str) -> Period:
        return running.step(int(token[1:-1]))

    first = month(data["months"][0])
    plan.at(day_of_next(first, 3, MORNING), _owners(data["owners"]))
    since = month(data["target"]["month"])
    plan.at(day_of_next(since.step(-1), 1, MORNING), _target(data["target"], since))
    for one in data["appeals"]:
        about: list[int] = []  # the appeal's number, once it is raised
        raised = (
            plan.present.now - timedelta(hours=one["hours_ago"])
            if "hours_ago" in one
            else day_of_next(month(one["card"]), one["day"], MORNING)
        )
        plan.at(raised, _raise(one, month(one["card"]), about))
        if "answer" in one:
            answered = day_of_next(month(one["card"]), one["answer"]["day"], AFTERNOON)
            plan.at(answered, _answer(one["answer"], about))


def _owners(owners: dict[str, str]) -> Do:
    def do(world: World) -> None:
        for code, username in owners.items():
            row = indicators.find(code)
            words = {"unit": row.unit.value, "direction": row.direction.value, "span": row.span.value}
            indicators.save(world.actors[KEEPER], code, {**words, "owner": username})

    return do


def _target(said: dict[str, str], since: Period) -> Do:
    return lambda world: indicators.set_target(
        world.actors[KEEPER], indicators.find(said["code"]), said["target"], since.first_day, why=said["why"]
    )


def _subject(world: World, username: str) -> Subject:
    return find(username, world.actors[username])


def _raise(one: dict[str, Any], period: Period, about: list[int]) -> Do:
    def do(world: World) -> None:
        subject = _subject(world, one["by"])
        about.append(appeals.appeal(world.actors[one["by"]], subject, period, one["code"], one["text"]).id)

    return do


def _answer(said: dict[str, Any], about: list[int]) -> Do:
    def do(world: World) -> None:
        who = world.actors[said["by"]]
        row = appeals.find(who, about[0])
        line = appeals.line_in(card(appeals.subject_of(row), parse(row.period)), row.code)
        assert line is not None
        numerator = str(Decimal(line["numerator"]) + said.get("more", 0))
        verdict = appeals.Verdict(said["upheld"], said["text"], numerator, line["denominator"])
        appeals.answer(who, row, verdict)

    return do
