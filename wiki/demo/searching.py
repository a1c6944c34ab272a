"""A month of questions: those that were answered, those that were not, and what came of these."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core import clock
from core.db import session
from core.i18n import local
from wiki.demo.content import read
from wiki.demo.hours import CALLS_FROM, CALLS_UNTIL, some_time
from wiki.demo.plan import Plan, World
from wiki.search import gaps, log, words, writing
from wiki.search.gap_models import Verdict
from wiki.search.likeness import flat
from wiki.search.log import Asked, Opening
from wiki.search.models import Source

MONTH = 30
MANAGER = "gaoyuan"


def plan_searching(plan: Plan) -> None:
    """Questions over the month, and at their end what was decided about them."""
    found = read("searching.yaml")
    for question, (title, people) in found["opened"].items():
        _asked(plan, question, 5, people, title=title)
    for wordings in found["unmet"]:
        for question, (hits, people) in wordings.items():
            _asked(plan, question, hits, people)
    for wordings in found["earlier"]:
        for question, (hits, people) in wordings.items():
            _asked(plan, question, hits, people, since=MONTH)
    for first, then, title, people in found["turns"]:
        for username in people:
            at = _moment(plan, username, plan.chance("turn", first, username).randint(1, 20), first)
            plan.at(at, partial(_note, username=username, text=first, hits=0))
            plan.at(at + timedelta(seconds=25), partial(_note, username=username, text=then, hits=3, title=title))
    for line, note, days_ago in found["words"]:
        plan.at(_moment(plan, MANAGER, days_ago, line), partial(_word, line=line, note=note or ""))
    for task in found["writing"]:
        plan.at(_moment(plan, MANAGER, task["days_ago"], task["question"]), partial(_write, about=task))
    for question, (reason, days_ago) in found["ignored"].items():
        plan.at(_moment(plan, MANAGER, days_ago, question), partial(_ignore, question=question, reason=reason))


def _asked(
    plan: Plan, question: str, hits: int, people: dict[str, int], *, title: str | None = None, since: int = 0
) -> None:
    """So many times, on days of one month; what is wanted was asked before anything was decided about it."""
    for username, times in people.items():
        chance = plan.chance("asks", question, username, since)
        for _time in range(times):
            days_ago = since + chance.randint(1 if title else 7, MONTH - 1)
            at = _moment(plan, username, days_ago, question, _time)
            plan.at(at, partial(_note, username=username, text=question, hits=hits, title=title))


def _moment(plan: Plan, username: str, days_ago: int, *about: object) -> datetime:
    zone = plan.library.zone(username)
    chance = plan.chance("searching", username, days_ago, *about)
    return some_time(plan.present.day(days_ago, zone), zone, chance, since=CALLS_FROM, until=CALLS_UNTIL)


def _note(world: World, *, username: str, text: str, hits: int, title: str | None = None) -> None:
    """Kept as the log keeps it; the buffer would wait for a transaction of its own."""
    if title is not None and title not in world.articles:
        return  # not published yet on that day: nobody asked for it
    who, now = world.actors[username], clock.now()
    key = f"demo-{now.timestamp():.0f}-{who.id}-{len(text)}"[:32]
    log.keep(session, [Asked(now, who.id, text, hits, Source.PAGE, key)])
    if title is not None:
        log.keep_openings(session, [Opening(now + timedelta(seconds=6), who.id, key, world.articles[title].id)])


def _word(world: World, *, line: str, note: str) -> None:
    words.add(world.actors[MANAGER], line, note)


def _write(world: World, *, about: dict[str, Any]) -> None:
    manager = world.actors[MANAGER]
    sort, _colon, name = about["whom"].partition(":")
    whom = world.tokens[f"teams:{name}"] if sort == "team" else f"user:{world.actors[name].id}"
    due_on = local(clock.now()).date() + timedelta(days=about["days"])
    task = writing.ask(manager, about["question"], whom=whom, kind=about["kind"], due_on=due_on, note=about["note"])
    gaps.settle(manager, gaps.find(manager, flat(about["question"]), MONTH), Verdict.WRITE, task=task)
    if "taken_by" in about:
        writing.take(task, world.actors[about["taken_by"]])


def _ignore(world: World, *, question: str, reason: str) -> None:
    manager = world.actors[MANAGER]
    gaps.settle(manager, gaps.find(manager, flat(question), MONTH), Verdict.IGNORE, reason=reason)
