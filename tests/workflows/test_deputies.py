"""Deputies: who judges for whom, in whose right, and what is told when somebody is back."""

from typing import Any

import pytest
import sqlalchemy as sa

from accounts import absences
from accounts.models import User
from accounts.people import actor_of
from core.audit import TrailEntry
from core.errors import Conflict, Invalid
from core.permissions import can
from tests.make import Make
from tests.workflows.seated import goes_away, judged_by, refusal
from wiki.scoring.models import LedgerEntry
from workflows import claiming, deciding
from workflows.definitions import Definition, Seat, Stage
from workflows.models import RoundPerson
from workflows.permissions import P
from workflows.rules import Verb

# ── deputies ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def named(db: Any, make: Make) -> tuple[User, User]:
    """A principal for whom alone a seat is, and a deputy of the same role."""
    principal, deputy = make.user("qa", username="li", name="李"), make.user("qa", name="王")
    judged_by(make, Seat(key="li", role="qa", people=("li",)), Seat(key="pool", role="qa"))
    return principal, deputy


def test_a_deputy_decides_on_behalf_and_both_count_as_having_acted(db, make: Make, named, clock):
    principal, deputy = named
    made = make.submission()
    assert refusal(lambda: make.decide(made, actor_of(deputy), seat="li")) == "not-your-seat"
    goes_away(principal, deputy)
    decision = make.decide(made, actor_of(deputy), seat="li")
    assert (decision.actor_id, decision.on_behalf_of_id) == (deputy.id, principal.id)
    bars = dict(db.execute(sa.select(RoundPerson.user_id, RoundPerson.bar)).all())
    assert bars == {deputy.id: "acted", principal.id: "principal"}
    for who in (principal, deputy):
        assert refusal(lambda w=who: make.decide(made, actor_of(w), seat="pool")) == "acted"
    entry = db.scalars(sa.select(TrailEntry).where(TrailEntry.verb == "approve")).one()
    assert (entry.actor_id, entry.on_behalf_of_id) == (deputy.id, principal.id)
    paid = db.scalars(sa.select(LedgerEntry.user_id).where(LedgerEntry.source == f"decision:{decision.id}")).all()
    assert set(paid) <= {deputy.id}, "points go to who acted"


def test_an_approval_through_a_deputy_is_carried_for_both(db, make: Make):
    people = [make.user("qa", "training", username=name) for name in ("li", "wang")]
    stages = (
        Stage(key="a", seats=(Seat(key="li", role="qa", people=("li",)),)),
        Stage(key="b", seats=(Seat(key="b", role="training"),)),
        Stage(key="c", seats=(Seat(key="c", role="supervisor"),)),
    )
    make.pipeline(definition=Definition(stages=stages))
    made = make.submission()
    goes_away(*people)
    make.decide(made, actor_of(people[1]))
    make.decide(made, make.actor("training"))
    make.decide(made, make.actor("supervisor"), "send_back", to_stage="b")
    for who in people:
        assert refusal(lambda w=who: make.decide(made, actor_of(w))) == "acted"


def test_a_deputy_without_the_role_is_refused(db, make: Make, named):
    principal, _deputy = named
    with pytest.raises(Invalid) as refused:
        goes_away(principal, make.user("business"))
    assert set(refused.value.errors) == {"deputy"}
    both = make.user("qa", "rep", username="zhao")  # shares a role, and not the one that sits here
    judged_by(make, Seat(key="zhao", role="qa", people=("zhao",)))
    stand_in = make.user("rep")
    goes_away(both, stand_in)
    made = make.submission()
    assert refusal(lambda: make.decide(made, actor_of(stand_in))) == "not-your-seat"


def test_nobody_judges_through_a_deputy_what_they_wrote_or_judged(db, make: Make, named):
    principal, deputy = named
    mine = make.submission(actor_of(principal))
    goes_away(principal, deputy)
    assert refusal(lambda: make.decide(mine, actor_of(deputy), seat="li")) == "acted"
    theirs = make.submission(actor_of(deputy))
    assert refusal(lambda: make.decide(theirs, actor_of(deputy), seat="li")) == "own-work"


def test_a_deputy_of_a_deputy_gains_nothing(db, make: Make, named):
    principal, deputy = named
    third = make.user("qa")
    made = make.submission()
    goes_away(principal, deputy)
    goes_away(deputy, third)
    assert not can(actor_of(third), P.DECIDE, make.task(made, "li"))
    assert can(actor_of(third), P.DECIDE, make.task(made, "pool"))
    assert can(actor_of(deputy), P.DECIDE, make.task(made, "li")), "away oneself, one may still act"


def test_an_absence_for_notices_only_gives_no_seat(db, make: Make, named):
    principal, deputy = named
    goes_away(principal, deputy, reviews=False)
    assert not can(actor_of(deputy), P.DECIDE, make.task(make.submission(), "li"))


def test_what_lies_with_somebody_who_is_away_is_decided_for_them(db, make: Make):
    principal, deputy = make.user("qa"), make.user("qa")
    judged_by(make, Seat(key="a", role="qa", approvals=2))
    made = make.submission()
    task = make.task(made)
    claiming.claim(task.id, actor_of(principal))
    goes_away(principal, deputy)
    assert make.decide(made, actor_of(deputy)).on_behalf_of_id == principal.id
    assert task.claimed_by_id is None, "theirs is given; the seat waits for another"


def test_in_ones_own_right_first(db, make: Make):
    principal, deputy = make.user("qa"), make.user("qa")
    judged_by(make, Seat(key="a", role="qa"))
    goes_away(principal, deputy)
    assert make.decide(make.submission(), actor_of(deputy)).on_behalf_of_id is None


def test_who_is_back_decides_again_and_the_deputy_is_told(db, make: Make, named, clock):
    principal, deputy = named
    away = goes_away(principal, deputy)
    made = make.submission()
    task, pool = make.task(made, "li"), make.task(made, "pool")
    seen = task.version, pool.version
    claiming.claim(task.id, actor_of(deputy))
    clock.advance(hours=2)
    absences.end_early(actor_of(principal), away.id)
    assert (task.version, task.claimed_by_id) == (seen[0] + 1, None)
    assert pool.version == seen[1], "what the deputy decides anyway is left alone"
    with pytest.raises(Conflict) as refused:
        deciding.decide(task.id, actor_of(deputy), Verb.APPROVE, seen=seen[0])
    about = refused.value.details
    assert (refused.value.code, about["verb"], about["decided_by"]) == ("moved", "back", "李")
    assert "李 is back since 11:00:00" in refused.value.sentence
    assert make.decide(made, actor_of(principal), seat="li").on_behalf_of_id is None
