"""Texts that somebody asks people to confirm: one urgent, one overdue with people who have not."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from wiki.demo.hours import some_time
from wiki.demo.plan import Do, Plan, World
from wiki.training.acknowledging import acknowledge
from wiki.training.must_read_asking import ask

Raw = Mapping[str, Any]


def plan_must_read(plan: Plan) -> None:
    """Each asking with those who have confirmed within a day."""
    for raw in plan.library.activity["must_read"]:
        zone, chance = plan.library.zone(raw["by"]), plan.chance("must-read", raw["article"])
        day = plan.present.day(raw["days_ago"], zone)
        asked = some_time(day, zone, chance, since=time(9), until=time(9, 30))
        due = plan.present.now + timedelta(days=raw["due_in_days"])
        plan.at(asked, _ask(raw, due))
        for username in raw["confirmed"]:
            at = asked + timedelta(hours=plan.chance("reads", raw["article"], username).uniform(0.5, 4))
            plan.at(min(at, plan.present.now), _confirm(raw["article"], username))


def _ask(raw: Raw, due: datetime) -> Do:
    def do(world: World) -> None:
        circle = [world.tokens[f"teams:{slug}"] for slug in raw["teams"]]
        article = world.articles[raw["article"]]
        ask(world.actors[raw["by"]], article, due_at=due, circle=circle, urgent=raw["urgent"])

    return do


def _confirm(title: str, username: str) -> Do:
    return lambda world: acknowledge(world.actors[username], world.articles[title])
