"""A use in a call: one call is one use, its person may take it back that day, and a program may say so for them."""

from collections.abc import Callable
from typing import Any

import pytest

from core.db import reading, writing
from core.errors import Conflict, Invalid
from tests.clients import Script
from tests.make import Make
from wiki.feedback.ops import mark_used, take_back
from wiki.feedback.queries import standing
from wiki.scoring.rebuilding import verify

pytestmark = pytest.mark.both_databases


def paid(author: Any) -> list[str]:
    from core.db import session
    from wiki.scoring.models import LedgerEntry

    rows = session.query(LedgerEntry).where(LedgerEntry.event == "feedback.used", LedgerEntry.user_id == author.id)
    return [str(row.points) for row in rows.order_by(LedgerEntry.id)]


def test_one_call_is_one_use_and_what_is_taken_back_is_paid_back(db: Any, make: Make, clock: Any) -> None:
    author, reader = make.actor(), make.actor()
    article = make.article(author)
    mark_used(article, reader, call_ref="cti:1")
    mark_used(article, reader, call_ref="cti:1")
    assert standing(article, reader.id).used == 1
    mark_used(article, reader, call_ref="cti:2")
    take_back(article, reader)
    assert (standing(article, reader.id).used, paid(author)) == (1, ["0.30"])  # one of the day is left: it pays
    take_back(article, reader)
    now = standing(article, reader.id)
    assert (now.used, now.used_today, paid(author)) == (0, False, ["0.30", "-0.30"])
    mark_used(article, reader, call_ref="cti:1")  # pressed again
    assert (standing(article, reader.id).used, paid(author)) == (1, ["0.30", "-0.30", "0.30"])
    assert verify() == []
    clock.advance(days=1)
    with pytest.raises(Conflict):
        take_back(article, reader)  # yesterday's stay
    with pytest.raises(Invalid):
        mark_used(article, reader, call_ref="call#2")


def test_a_program_says_it_for_others(make: Make, api: Callable[..., Script]) -> None:
    with writing():
        article, reader, robot = make.article(), make.user(username="reader"), make.user("manager")
        closed = make.article(audience="restricted", readers=["role:qa"])
        slug, hidden = article.slug, closed.slug
    program = api(robot, scopes=["calls"])
    first = program.post(f"/articles/{slug}/uses", {"call_ref": "1700000000.17", "user": "reader"})
    again = program.post(f"/articles/{slug}/uses", {"call_ref": "1700000000.17", "user": "reader"})
    assert (first.status_code, again.status_code, first.json) == (201, 200, again.json)
    assert first.json["counts"] is True
    own = api(reader)
    assert own.post(f"/articles/{slug}/uses/undo").json["used_in_call"] == 0
    again = program.post(f"/articles/{slug}/uses", {"call_ref": "1700000000.17", "user": "reader"})
    assert (again.status_code, again.json["counts"]) == (200, False)  # the reader's word stands
    with reading():
        assert standing(article, reader.id).used == 0
    refused = [
        program.post(f"/articles/{hidden}/uses", {"call_ref": "2", "user": "reader"}),  # may not read it
        program.post(f"/articles/{slug}/uses", {"call_ref": "2", "user": "nobody-here"}),
        program.post(f"/articles/{slug}/uses", {"call_ref": "13800138000 Mrs Wang", "user": "reader"}),
        api(robot).post(f"/articles/{slug}/uses", {"user": "reader"}),  # a token that is not made for it
        api(reader, scopes=["calls"]).post(f"/articles/{slug}/uses", {"user": robot.username}),
    ]
    assert [answer.status_code for answer in refused] == [422, 422, 422, 403, 403]
    assert own.post(f"/articles/{slug}/uses", {"call_ref": "own"}).status_code == 201
