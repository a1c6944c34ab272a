"""Two say at the same instant that one person is away: one absence stands, the other is told so."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from accounts.models import Absence
from core import clock
from core.db import reading
from tests.reliability.crowd import Crowd, together

pytestmark = [pytest.mark.server, pytest.mark.common_server, pytest.mark.timeout(600)]


def test_absences_of_one_person_never_overlap(crowd: Crowd) -> None:
    (chief,), people = crowd.people("manager", 1), crowd.people("qa", 8)
    start, hour = clock.now() + timedelta(days=1), timedelta(hours=1)
    with reading() as s:
        names = {row[0]: row[1] for row in s.execute(sa.text("SELECT id, username FROM users"))}
    body = {"starts_at": start.isoformat(), "ends_at": (start + 3 * hour).isoformat()}
    later = {"starts_at": (start + hour).isoformat(), "ends_at": (start + 4 * hour).isoformat()}
    for person in people:
        answers = together(
            lambda p=person: crowd.call(p, "POST", "/absences", body),
            lambda p=person: crowd.call(chief, "POST", "/absences", {**later, "user": names[p.id]}),
        )
        assert sorted(status for status, _body in answers) == [201, 409], answers
        assert {said["code"] for status, said in answers if status == 409} == {"absence-overlaps"}
    with reading() as s:
        stand = sa.select(Absence.user_id).where(Absence.user_id.in_([person.id for person in people]))
        assert sorted(s.scalars(stand)) == sorted(person.id for person in people), "one stands of each"


def test_back_twice_at_the_same_instant_is_back_once(crowd: Crowd) -> None:
    chief, *people = (*crowd.people("manager", 1), *crowd.people("qa", 6))
    body = {
        "starts_at": (clock.now() - timedelta(hours=1)).isoformat(),
        "ends_at": (clock.now() + timedelta(days=1)).isoformat(),
    }
    for person in people:
        status, made = crowd.call(person, "POST", "/absences", body)
        assert status == 201, made
        path = f"/absences/{made['id']}/end"
        answers = together(
            lambda p=person, a=path: crowd.call(p, "POST", a, {}), lambda a=path: crowd.call(chief, "POST", a, {})
        )
        assert sorted(status for status, _body in answers) == [200, 409], answers
