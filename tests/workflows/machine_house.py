"""Where the machine plays: ten people, definitions as anybody might draw them, and one application for all examples."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st

from accounts.models import User
from accounts.people import actor_of
from core.actors import Actor
from core.db import session, writing
from tests.make import Make
from tests.workflows import model_parts as parts
from workflows import subjects
from workflows.caretaker_models import Caretaker

KIND, FIELDS, PATHS = "thing", ("price", "steps"), ([], ["tariffs"], ["tariffs", "roaming"])
ROLES = ("business", "qa", "training", "supervisor")
START = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
CAST = {
    "ana": (("business", "qa"), "billing", ("tariffs",)),
    "bea": (("qa", "training"), "repair", ()),
    "bo": (("qa", "supervisor"), "billing", ("tariffs", "roaming")),
    "carl": (("training", "supervisor"), "repair", ("roaming",)),
    "dana": (("business", "training", "supervisor"), None, ()),
    "eli": (("business", "qa"), "billing", ()),
    "fay": (ROLES, None, ()),
    "gus": (("manager", "qa", "training"), "repair", ()),
    "ray": (("rep",), "billing", ()),
    "sue": (("rep", "business"), "repair", ()),
}
TEXTS: dict[int, dict[str, int]] = {}  # by revision


# ── definitions ──────────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def seats(draw: Any, key: str) -> dict[str, Any]:
    role = draw(st.sampled_from(ROLES))
    holders = [name for name, (roles, _team, _cares) in CAST.items() if role in roles]
    people = draw(st.sampled_from([(), (), (), (), holders, holders[:2], [*holders[1:], "ray"]]))
    narrowed = draw(st.sampled_from([{}] * 9 + [{"team": "billing"}, {"category": "*"}, {"category": "tariffs"}]))
    return {
        "key": key,
        "role": role,
        "team": None,
        "category": None,
        "people": list(people),
        "approvals": draw(st.sampled_from([1, 1, 1, 1, 2, "all"])),
        "routing": draw(st.sampled_from(["pool", "pool", "owner", "least_loaded", "round_robin"])),
        "fields": draw(st.sampled_from([[], [], ["price"], ["steps"]])),
    } | narrowed


@st.composite
def stages(draw: Any, number: int) -> dict[str, Any]:
    sitting = [draw(seats(key)) for key in "abc"[: draw(st.sampled_from([1, 1, 1, 2, 2, 3]))]]
    return {
        "key": f"s{number}",
        "seats": sitting,
        "need": draw(st.sampled_from(["all", *range(1, len(sitting) + 1)])),
        "veto": draw(st.booleans()),
        "claim_first": draw(st.sampled_from([False, False, False, True])),
        "calibration": draw(st.sampled_from([0, 0, 0, 100])),
        "returns_to": draw(st.sampled_from([None, None, *[f"s{n}" for n in range(number)]])),
    }


@st.composite
def documents(draw: Any) -> dict[str, Any]:
    policies = st.sampled_from(["voided", "kept", "fields"])
    return {
        "stages": [draw(stages(number)) for number in range(draw(st.integers(1, 4)))],
        "on_change": draw(policies),
        "on_send_back": draw(policies),
    }


# ── the house: one application, the same people for every example ────────────────────────────────────────────────────


class House:
    """What stays the same for all examples of a run; each example is a transaction that is rolled back."""

    def __init__(self, make: Make) -> None:
        subjects.register(
            KIND,
            subjects.Subject(
                visible=lambda actor, number: True,
                readable=lambda actor, number: True,
                summary=lambda number: {},
                page=lambda actor, task: {},
                url=str,
                cards=lambda numbers: {},
                known=lambda actor, numbers: frozenset(numbers),
                text=lambda revision: {},
                changed=lambda old, new: frozenset(
                    name for name in FIELDS if TEXTS[old].get(name) != TEXTS[new].get(name)
                ),
            ),
        )
        self.actors: dict[int, Actor] = {}
        self.people: dict[int, tuple[str, tuple[str, ...], str | None, tuple[str, ...]]] = {}
        with writing():
            for name, (roles, team, cares) in CAST.items():
                user = make.user(*roles, username=name, name=name.title(), team=team, password=None)
                session.add_all(Caretaker(user_id=user.id, category=category) for category in cares)
                self.actors[user.id] = actor_of(user)
                self.people[user.id] = (name, roles, team, cares)
            self.teams = {user.team_id: user.team.slug for user in session.scalars(sa.select(User)) if user.team}

    def cast(self) -> dict[int, parts.Person]:
        return {
            number: parts.Person(number, name, frozenset(roles), team, frozenset(cares))
            for number, (name, roles, team, cares) in self.people.items()
        }


@contextlib.contextmanager
def rolled_back() -> Iterator[None]:
    """A write transaction that leaves nothing behind."""
    with writing():
        yield
        session.rollback()
