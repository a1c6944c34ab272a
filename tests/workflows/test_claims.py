"""Claiming, releasing, handing over."""

import pytest

from accounts.people import actor_of
from core.errors import Conflict, Forbidden, Invalid
from tests.make import Make
from workflows import claiming

# ── claim, release, hand over ────────────────────────────────────────────────────────────────────────────────────────


def test_a_claim_keeps_nobody_from_deciding(db, make: Make):
    made, ana, bo = make.submission(), make.actor("business", name="Ana"), make.actor("business")
    task = make.task(made)
    claiming.claim(task.id, ana)
    claiming.claim(task.id, ana)  # again is the same
    with pytest.raises(Conflict) as refused:
        claiming.claim(task.id, bo)
    assert (refused.value.code, refused.value.details["claimed_by"]) == ("claimed", "Ana")
    make.decide(made, bo)


def test_only_who_claimed_it_releases_it(db, make: Make):
    task, ana = make.task(make.submission()), make.actor("business")
    claiming.claim(task.id, ana)
    with pytest.raises(Conflict):
        claiming.release(task.id, make.actor("business"))
    assert claiming.release(task.id, ana).claimed_by_id is None


def test_nobody_claims_without_the_seat_or_their_own_work(db, make: Make):
    author = make.actor("rep", "business")
    task = make.task(make.submission(author))
    for who, code in ((author, "own-work"), (make.actor("qa"), "not-your-seat")):
        with pytest.raises(Forbidden) as refused:
            claiming.claim(task.id, who)
        assert refused.value.code == code


def test_a_claim_on_what_is_decided_is_409(db, make: Make):
    made = make.submission()
    task, ana = make.task(made), make.actor("business")
    claiming.claim(task.id, ana)
    make.decide(made, make.actor("business"))
    for act in (claiming.claim, claiming.release):
        with pytest.raises(Conflict) as refused:
            act(task.id, ana)
        assert refused.value.code == "moved"


def test_handing_over(db, make: Make):
    author, ana, bo = make.user("rep", "business"), make.user("business"), make.user("business")
    task = make.task(make.submission(actor_of(author)))
    boss, outsider = make.actor("supervisor"), make.actor("rep")
    assert claiming.hand_over(task.id, actor_of(ana), to=bo.username).claimed_by_id == bo.id
    assert claiming.hand_over(task.id, boss, to=ana.username).claimed_by_id == ana.id
    for to in (author.username, boss.username, "nobody"):
        with pytest.raises(Invalid):
            claiming.hand_over(task.id, boss, to=to)
    for who in (outsider, actor_of(author)):  # nobody chooses the judge of their own work
        with pytest.raises(Forbidden):
            claiming.hand_over(task.id, who, to=bo.username)
