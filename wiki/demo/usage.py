"""What readers did: votes, complaints about a text, notices confirmed, and every call in which a text was used."""

from datetime import datetime
from random import Random

from wiki.demo.content import Text
from wiki.demo.hours import CALLS_FROM, CALLS_UNTIL, some_time
from wiki.demo.plan import Do, Plan, World
from wiki.feedback import ops
from wiki.search import own
from wiki.training.acknowledging import acknowledge

WINDOW = 30  # days
PINS, PINNED_AGO = 3, 5  # texts of everybody, days


def plan_usage(plan: Plan) -> None:
    """Everything that readers did with the published articles, each act at its time."""
    texts = {text.title: text for text in plan.library.texts if text.state == "published"}
    _votes(plan, texts)
    _complaints(plan, texts)
    _confirmations(plan, texts)
    for title, rows in plan.library.activity["uses"].items():
        for username, windows in rows.items():
            _uses(plan, texts[title], username, windows)
    _pins(plan)


def _votes(plan: Plan, texts: dict[str, Text]) -> None:
    """'Helpful' – and what a voter wrote later goes with the vote said again. Talk among colleagues is not feedback."""
    for title, votes in plan.library.activity["helpful"].items():
        for username, days in votes.items():
            plan.at(_moment(plan, title, username, days), _say(title, username, helpful=True))
    for act in plan.library.activity["comments"]:
        voted = plan.library.activity["helpful"].get(act["article"], {}).get(act["by"])
        if voted is not None and voted > act["days_ago"]:
            at = _moment(plan, act["article"], act["by"], act["days_ago"])
            plan.at(at, _say(act["article"], act["by"], helpful=True, comment=act["text"]))


def _complaints(plan: Plan, texts: dict[str, Text]) -> None:
    """'Not helpful' with the reason and the words. An author's own remark is no feedback."""
    for act in plan.library.activity["flags"]:
        text = texts[act["article"]]
        if act["by"] not in {text.author, *text.coauthors}:
            at = _moment(plan, text.title, act["by"], act["days_ago"])
            plan.at(at, _say(text.title, act["by"], helpful=False, reason=act["reason"], comment=act["text"]))


def _confirmations(plan: Plan, texts: dict[str, Text]) -> None:
    """Notices are confirmed within three days after their publication; those not named are still asked to."""
    for title, readers in plan.library.activity["acknowledged"].items():
        newest = texts[title].days_ago - 1
        for username in readers:
            chance = plan.chance("confirms", title, username)
            days_ago = chance.randint(max(newest - 2, 0), newest)
            plan.at(_in_a_call(plan, username, days_ago, chance), _confirm(title, username))


def _confirm(title: str, username: str) -> Do:
    return lambda world: acknowledge(world.actors[username], world.articles[title])


def _say(title: str, username: str, *, helpful: bool, reason: str = "", comment: str = "") -> Do:
    def say(world: World) -> None:
        ops.say(world.articles[title], world.actors[username], helpful=helpful, reason=reason, comment=comment)

    return say


def _uses(plan: Plan, text: Text, username: str, windows: list[int]) -> None:
    """So many uses in each window, on days after the article first appeared."""
    chance = plan.chance("uses", text.title, username)
    first = max([text.days_ago, *(version.days_ago for version in text.earlier)])
    for number, count in enumerate(windows):
        newest = WINDOW * (len(windows) - 1 - number)
        oldest = min(newest + WINDOW - 1, first - 1)
        for _use in range(count):
            plan.at(_in_a_call(plan, username, chance.randint(newest, oldest), chance), _use_of(text.title, username))


def _use_of(title: str, username: str) -> Do:
    def use(world: World) -> None:
        ops.say(world.articles[title], world.actors[username], used_in_call=True)

    return use


def _pins(plan: Plan) -> None:
    """Everybody has pinned the three texts they used most in the last weeks, the most used one first."""
    used: dict[str, list[tuple[int, str]]] = {}
    for title, rows in plan.library.activity["uses"].items():
        for username, windows in rows.items():
            used.setdefault(username, []).append((-windows[-1], title))
    for username, rows in used.items():
        for number, (_count, title) in enumerate(sorted(rows)[:PINS]):
            at = _in_a_call(plan, username, PINNED_AGO - number, plan.chance("pins", title, username))
            plan.at(at, _pin(title, username))


def _pin(title: str, username: str) -> Do:
    return lambda world: own.pin(world.actors[username], world.articles[title], on=True)


def _moment(plan: Plan, title: str, username: str, days_ago: int) -> datetime:
    return _in_a_call(plan, username, days_ago, plan.chance(title, username, days_ago))


def _in_a_call(plan: Plan, username: str, days_ago: int, chance: Random) -> datetime:
    """A moment of that day's calls; of the day before when it has not come yet."""
    zone = plan.library.zone(username)
    day = plan.present.day(days_ago, zone)
    at = some_time(day, zone, chance, since=CALLS_FROM, until=CALLS_UNTIL)
    if at <= plan.present.now:
        return at
    return some_time(plan.present.day(days_ago + 1, zone), zone, chance, since=CALLS_FROM, until=CALLS_UNTIL)
