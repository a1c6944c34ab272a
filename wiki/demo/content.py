"""What ``wiki/demo/content`` says, as plain data. Dates stay relative here; ``Present`` turns them into days."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from werkzeug.utils import cached_property

FOLDER = Path(__file__).parent / "content"
TOKEN = re.compile(r"@([+-]?\d+)d(?: (\d\d):(\d\d))?")
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times quicker where libyaml is there


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the demo."""

    username: str
    name: str
    roles: tuple[str, ...]
    team: str
    site: str
    tier: str
    locale: str


@dataclass(frozen=True, slots=True)
class Version:
    """How an article read before: ``body`` and ``fields`` replace those of the present one."""

    days_ago: int
    significance: str = "major"
    reason: str = ""
    body: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """One file of ``articles``: a new article, or with ``changes`` a proposal to change one."""

    title: str
    kind: str
    category: str
    services: tuple[str, ...]
    tags: tuple[str, ...]
    author: str
    coauthors: tuple[str, ...]
    audience: str | Mapping[str, Any]
    state: str
    body: str
    fields: Mapping[str, Any]
    significance: str = "major"
    reason: str = ""
    days_ago: int = 0
    stage: str = ""
    by: str = ""
    remark: str = ""
    earlier: tuple[Version, ...] = ()
    is_change: bool = False


def read(name: str) -> Any:
    """One YAML file of the content."""
    return yaml.load((FOLDER / name).read_text("utf-8"), Loader)  # noqa: S506 - the C form of the safe loader


class Library:
    """Everything there is to play."""

    @cached_property
    def reviewing(self) -> Any:
        """Pipelines of the house, who looks after what, who is away, what was said of which words."""
        return read("reviewing.yaml")

    @cached_property
    def places(self) -> Any:
        """Sites, tiers, teams."""
        return read("people.yaml")

    @cached_property
    def people(self) -> dict[str, Person]:
        """By username."""
        return {
            p["username"]: Person(**{**p, "roles": tuple(p["roles"])})  # keys are the fields
            for p in self.places["people"]
        }

    @cached_property
    def lists(self) -> Any:
        """Services and categories."""
        return read("lists.yaml")

    @cached_property
    def activity(self) -> Any:
        """Votes, comments, flags, acknowledgements, send-backs, remarks, uses."""
        return read("activity.yaml")

    @cached_property
    def scores(self) -> Any:
        """A rule that changes, shares by hand, one answer in three texts."""
        return read("scores.yaml")

    @cached_property
    def readings(self) -> Any:
        """Readings of the indicators."""
        return read("kpi.yaml")

    @cached_property
    def newcomers(self) -> Any:
        """Two cohorts of new hires, and a colleague who leaves."""
        return read("newcomers.yaml")

    @cached_property
    def courses(self) -> Any:
        """Courses with their quizzes and what was done in them."""
        return read("course.yaml")["courses"]

    @cached_property
    def texts(self) -> list[Text]:
        """Every file, new articles first."""
        raw = [_front(path) for path in sorted((FOLDER / "articles").glob("*.md"))]
        new = {one["title"]: one for one in raw if "changes" not in one}
        return [_text(one) for one in new.values()] + [
            _text({**new[one["changes"]], "earlier": (), "coauthors": (), **one}) for one in raw if "changes" in one
        ]

    def zone(self, username: str) -> ZoneInfo:
        """The time zone of somebody's site."""
        site = self.people[username].site
        return ZoneInfo(next(s["timezone"] for s in self.places["sites"] if s["slug"] == site))

    def supervisor(self, team: str) -> str:
        """Who leads a team."""
        return str(next(t["supervisor"] for t in self.places["teams"] if t["slug"] == team))


def _front(path: Path) -> dict[str, Any]:
    _opening, front, body = path.read_text("utf-8").split("---\n", 2)
    return {**yaml.load(front, Loader), "body": body.strip()}  # noqa: S506 - as above


def _text(raw: dict[str, Any]) -> Text:
    about = {key: value for key, value in raw.items() if key != "changes"}
    if "changes" in raw:
        base = next(_front(p) for p in (FOLDER / "articles").glob("*.md") if _front(p).get("title") == raw["changes"])
        about["fields"] = {**base["fields"], **raw["fields"]}
    for name in ("services", "tags", "coauthors"):
        about[name] = tuple(about.get(name, ()))
    about["earlier"] = tuple(Version(**one) for one in about.get("earlier", ()))
    return Text(**about, is_change="changes" in raw)


@dataclass(frozen=True, slots=True)
class Present:
    """The moment at which the demo is loaded; every relative date counts from here."""

    now: datetime

    def day(self, days_ago: int, zone: ZoneInfo) -> date:
        """The calendar day so many days ago, where it is seen from."""
        return self.now.astimezone(zone).date() - timedelta(days=days_ago)

    def date_of(self, token: str, zone: ZoneInfo) -> str:
        """``@-30d`` as an ISO date."""
        return self.time_of(token, zone)[:10]

    def time_of(self, token: str, zone: ZoneInfo) -> str:
        """``@+1d 18:00`` as an ISO time with the offset of the zone; midnight without a time."""
        found = TOKEN.fullmatch(token)
        if found is None:
            raise ValueError(f"{token!r} is not a relative time")
        days, hour, minute = int(found[1]), int(found[2] or 0), int(found[3] or 0)
        return datetime.combine(self.day(-days, zone), time(hour, minute), zone).isoformat()
