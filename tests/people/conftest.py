"""Ann, who leaves, and those around her: for the tests of this folder."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from accounts.models import User
from accounts.people import actor_of
from core import clock
from core.actors import Actor
from core.db import session, writing

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)


@dataclass
class House:
    """Ann leaves the billing team; Bob and Tom are there, Sue leads it, Far leads another one."""

    make: Any
    ids: dict[str, int]

    def __getitem__(self, name: str) -> Actor:
        return actor_of(session.get_one(User, self.ids[name]))


@pytest.fixture
def house(app, make) -> House:
    with clock.fixed(NOON), writing():
        people = {
            name: make.user(*roles, username=name, name=name.title(), team=team).id
            for name, roles, team in (
                ("ann", ("rep", "training"), "billing"), ("bob", ("rep",), "billing"), ("tom", ("training",), None),
                ("sue", ("supervisor",), "billing"), ("far", ("supervisor",), "faults"), ("boss", ("manager",), None),
                ("root", ("admin",), None),
            )
        }  # fmt: skip
        return House(make, people)
