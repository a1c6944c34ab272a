"""The words of badges, levels and boards; and what could earn somebody more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import url_for

from accounts.rules import REVIEWERS, Role
from core import clock
from core.actors import Actor
from core.caches import Cache
from core.db import session
from core.i18n import _, _l, _n, choose_zone
from wiki.articles.models import Submission, SubmissionState
from wiki.scoring import boards_queries, queries
from wiki.scoring.boards_rules import WINDOW, Award, BadgeRule, Kind, Level, fits, level, progress, replay
from wiki.scoring.models import ScoringRule
from wiki.scoring.naming import rule_name
from wiki.scoring.rules import Unit

BADGES: dict[str, tuple[Any, Any]] = {
    "first_text": (_l("First text"), _l("a first text was accepted")),
    "first_script": (_l("First published script"), _l("a first script was accepted")),
    "texts_25": (_l("Twenty-five texts"), _l("twenty-five texts were accepted")),
    "uses_100": (_l("100 uses in calls"), _l("colleagues used the texts in calls, on a hundred days")),
    "uses_1000": (_l("1,000 uses in calls"), _l("colleagues used the texts in calls, on a thousand days")),
    "helpful_50": (_l("Fifty thanks"), _l("fifty readers found a text helpful")),
    "reviews_10": (_l("Ten reviews in time"), _l("ten texts were judged within their time")),
    "reviews_100": (_l("A hundred reviews in time"), _l("a hundred texts were judged within their time")),
    "mended_5": (_l("Sharp eye"), _l("five reports of something wrong led to a change")),
    "course_1": (_l("First course made"), _l("a first course was published")),
    "quizzes_10": (_l("Ten quizzes passed"), _l("ten quizzes were passed")),
}
LEVELS = {
    "level_1": _l("Begun"),
    "level_2": _l("Contributor"),
    "level_3": _l("Pillar"),
    "level_4": _l("Guide"),
    "level_5": _l("Master"),
}
FRESH = timedelta(days=14)  # a badge is news for so long


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person has reached."""

    level: Level
    awards: tuple[Award, ...]

    @property
    def held(self) -> list[Award]:
        """The badges they have."""
        return [one for one in self.awards if one.rests_since is None]

    @property
    def resting(self) -> list[Award]:
        """The badges that rest, because something they counted was taken back."""
        return [one for one in self.awards if one.rests_since is not None]


_standings: Cache[Standing] = Cache(2_000, seconds=60, until_write=True)


def standing(user_id: int) -> Standing:
    """Level and badges of a person, reckoned from the ledger; at most a minute old."""
    today = clock.today(choose_zone())
    found = _standings.get((user_id, today))
    if found is None:
        versions = boards_queries.badges()
        points = boards_queries.sums(months(today, WINDOW), [user_id]).get(user_id, Decimal(0))
        awards = replay(boards_queries.earned(user_id, versions), versions, today)
        found = Standing(level(points, versions, today), tuple(awards))
        _standings.put((user_id, today), found)
    return found


def months(today: date, how_many: int) -> list[str]:
    """The running month and those before it, oldest first."""
    last = today.year * 12 + today.month - 1
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(last - how_many + 1, last + 1)]


def level_name(code: str | None) -> str:
    """The words for a level."""
    return str(LEVELS.get(code or "", code or _("not yet begun")))


def badge_name(code: str) -> str:
    """The words for a badge."""
    return str(BADGES[code][0]) if code in BADGES else code


def badge_reason(code: str) -> str:
    """What a badge is given for."""
    return str(BADGES[code][1]) if code in BADGES else ""


def note(user_id: int) -> str:
    """A few words for the home page: the level, and a badge while it is new."""
    found, today = standing(user_id), clock.today(choose_zone())
    if found.level.code is None and not found.held:
        return ""
    said = _("Level: %(name)s", name=level_name(found.level.code))
    fresh = [one for one in found.held if one.given_on > today - FRESH]
    return said + (" · " + _("new: %(badge)s", badge=badge_name(fresh[0].code)) if fresh else "")


def medals(awards: Sequence[Award]) -> list[dict[str, Any]]:
    """Badges for a page."""
    return [
        {
            "code": one.code,
            "name": badge_name(one.code),
            "reason": badge_reason(one.code),
            "on": one.given_on,
            "rests": one.rests_since,
        }
        for one in awards
    ]


def catalogue(user_id: int, today: date) -> list[dict[str, Any]]:
    """Every badge in force, with how far somebody is."""
    versions = boards_queries.badges()
    entries = boards_queries.earned(user_id, versions)
    awards = {one.code: one for one in standing(user_id).awards}
    rows = []
    for rule in versions:
        if rule.kind is not Kind.BADGE or not rule.holds_on(today):
            continue
        award = awards.get(rule.code)
        held = award is not None and award.rests_since is None
        done = min(progress(entries, rule), int(rule.threshold))
        rows.append(
            {
                "rule": rule,
                "name": badge_name(rule.code),
                "reason": badge_reason(rule.code),
                "held": held,
                "on": award.given_on if award and held else None,
                "rests": award.rests_since if award and not held else None,
                "done": done,
                "of": int(rule.threshold),
                "left": int(rule.threshold) - done,
            }
        )
    return rows


def levels(versions: Sequence[BadgeRule], today: date) -> list[BadgeRule]:
    """The levels in force, from the first on."""
    return sorted((v for v in versions if v.kind is Kind.LEVEL and v.holds_on(today)), key=lambda v: v.threshold)


# ── what could earn more ─────────────────────────────────────────────────────────────────────────────────────────────


def chances(actor: Actor, used: set[str], today: date) -> list[dict[str, Any]]:
    """Plain hints, the nearest first: what lies with oneself, then what one has not tried this half-year."""
    found = [*_unfinished(actor)]
    best: dict[str, ScoringRule] = {}
    for rule in session.scalars(queries.rules_in_force(today)):
        if rule.unit is Unit.POINTS and rule.code not in used and _is_for(actor, rule.code):
            family = rule.code.split(".")[0]
            if family not in best or rule.points > best[family].points:
                best[family] = rule
    for rule in sorted(best.values(), key=lambda one: -one.points):
        name = rule_name(rule.code)
        found.append({"text": name, "earns": rule.points, "url": _where(rule.code)})
    return found[:5]


def _unfinished(actor: Actor) -> list[dict[str, Any]]:
    states = (SubmissionState.RETURNED, SubmissionState.DRAFT)
    waiting = sa.select(sa.func.count()).where(Submission.author_id == actor.id, Submission.state.in_(states))
    count = session.scalar(waiting) or 0
    if not count:
        return []
    text = _n("%(num)s text of yours is begun or came back", "%(num)s texts of yours are begun or came back", count)
    return [{"text": text, "earns": None, "url": url_for("submissions.mine_page")}]


def _is_for(actor: Actor, rule: str) -> bool:
    """Something this person can do: judging is for reviewers, courses are for trainers."""
    if rule.startswith(("reviewed.", "calibrat")):
        return rule != "reviewed.late" and actor.holds(*REVIEWERS)
    if rule.startswith("course.made"):
        return actor.holds(Role.TRAINING)
    return not fits(rule, ("accepted.block", "accepted.notice", "accepted.sop"))


def _where(rule: str) -> str | None:
    kind = rule.removeprefix("accepted.")
    if kind != rule:
        return url_for("submissions.new", kind=kind)
    return {
        "quiz": url_for("training.index"),
        "reviewed": url_for("reviews.inbox"),
        "course": url_for("training.index"),
    }.get(rule.split(".", maxsplit=1)[0])
