"""A published text waits for its day, is looked at again, changes hands and ends."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from accounts import ops as people
from accounts.models import User
from accounts.people import actor_of
from core.audit import trail
from core.db import session
from core.errors import Conflict, Forbidden, IllegalMove, Invalid
from core.outbox import OutboxJob
from core.permissions import allowed, can
from wiki.articles import lifecycle, ops
from wiki.articles.lifecycle_rules import due, interval, plus_months
from wiki.articles.models import Article, Publication, Submission, SubmissionState, Verification
from wiki.articles.permissions import P, kept
from wiki.articles.publishing import put_back, retire

NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
WEEK = timedelta(days=7)

pytestmark = pytest.mark.both_databases


# ── the arithmetic ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [("2026-08-31", 6, "2027-02-28"), ("2027-08-31", 6, "2028-02-29"), ("2026-12-15", 1, "2027-01-15")],
)
def test_so_many_months_later_is_the_same_day_or_the_last_of_the_month(day, months, then):
    assert plus_months(datetime.fromisoformat(day), months) == datetime.fromisoformat(then)


def test_never_is_never_due():
    assert due(NOON, 0) is None and due(None, 6) is None


@pytest.mark.parametrize(
    ("fields", "months"), [({}, 6), ({"audit_every_months": 3}, 3), ({"audit_every_months": 0}, 6)]
)
def test_a_process_says_itself_how_often_it_is_audited(fields, months):
    assert interval(6, fields) == months


# ── waiting for its day ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def planned(make, db, clock) -> Submission:
    """Approved, to be published in a week and to end in two."""
    clock.set(NOON)
    author = make.actor("rep")
    made = make.submission(author)
    lifecycle.schedule(made, author, publish_at=NOON + WEEK, expires_at=NOON + 2 * WEEK)
    make.approved(made)
    return made


def test_an_approved_text_waits_for_its_day_and_is_published_once(planned, clock):
    assert planned.state is SubmissionState.APPROVED and planned.article_id is None
    lifecycle.publish_what_is_due()
    assert planned.state is SubmissionState.APPROVED
    clock.set(NOON + WEEK)
    lifecycle.publish_what_is_due()
    lifecycle.publish_what_is_due()
    assert planned.state is SubmissionState.PUBLISHED
    article = session.get_one(Article, planned.article_id)
    assert article.live and article.expires_at == NOON + 2 * WEEK
    found = sa.select(sa.func.count()).select_from(Publication).where(Publication.article_id == article.id)
    assert session.scalar(found) == 1


def test_it_ends_when_its_time_is_over_and_a_manager_puts_it_back(planned, make, clock):
    clock.set(NOON + WEEK)
    lifecycle.publish_what_is_due()
    clock.set(NOON + 2 * WEEK)
    lifecycle.end_what_has_expired()
    lifecycle.end_what_has_expired()
    article = session.get_one(Article, planned.article_id)
    assert not article.live
    assert [row.verb for row in session.scalars(trail("article", article.id))] == ["expire"]
    with pytest.raises(Invalid):
        put_back(article, make.actor("manager"), reason=" ")
    put_back(article, make.actor("manager"), reason="The offer goes on.")
    assert article.live and article.version == "1.1" and article.expires_at is None
    lifecycle.end_what_has_expired()
    assert article.live


def test_a_manager_publishes_before_the_day_or_calls_it_off(make, planned):
    with pytest.raises(Forbidden):
        lifecycle.publish_now(planned, make.actor("rep"))
    lifecycle.call_off(planned, make.actor("manager"))
    assert planned.state is SubmissionState.WITHDRAWN
    with pytest.raises(IllegalMove):
        lifecycle.publish_now(planned, make.actor("manager"))


def test_nothing_else_is_handed_in_while_a_version_waits(make, db, clock):
    clock.set(NOON)
    article = make.article()
    author, other = make.actor("rep"), make.actor("rep")
    first = make.submission(author, article=article.slug)
    lifecycle.schedule(first, author, publish_at=NOON + WEEK, expires_at=None)
    make.approved(first)
    second = make.submission(other, article=article.slug, submitted=False)
    with pytest.raises(Conflict) as refused:
        ops.submit(second, other)
    assert refused.value.code == "already_in_review"


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [(-1, None, "publish_at"), (None, -1, "expires_at"), (5, 3, "expires_at")],
)
def test_a_plan_must_be_in_order(make, db, clock, start, end, field):
    clock.set(NOON)
    author = make.actor("rep")
    made = make.submission(author, submitted=False)
    days = [NOON + timedelta(days=n) if n is not None else None for n in (start, end)]
    with pytest.raises(Invalid) as refused:
        lifecycle.schedule(made, author, publish_at=days[0], expires_at=days[1])
    assert set(refused.value.errors) == {field}


def test_who_is_not_its_author_plans_nothing(make, db):
    made = make.submission(make.actor("rep"))
    with pytest.raises(Forbidden):
        lifecycle.schedule(made, make.actor("rep"), publish_at=None, expires_at=None)
    lifecycle.schedule(made, make.actor("manager"), publish_at=None, expires_at=None)


def test_a_notice_ends_with_what_it_says_itself(make, db, clock):
    clock.set(NOON)
    fields = {"effective_from": "2026-11-01T00:00+00:00", "effective_to": (NOON + WEEK).isoformat()}
    article = make.article(None, "notice", fields=fields)
    assert article.expires_at == NOON + WEEK and article.verify_due_at is None


# ── looking again ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_published_text_is_due_after_the_interval_of_its_kind(make, db, clock):
    clock.set(NOON)
    article = make.article()
    assert (article.verify_months, article.verify_due_at) == (12, plus_months(NOON, 12))


def test_its_owner_finds_it_still_true_and_the_time_begins_anew(make, db, clock):
    clock.set(NOON)
    article = make.article()
    owner = actor_of(session.get_one(User, article.owner_id))
    clock.set(NOON + 400 * timedelta(days=1))
    lifecycle.verify(article, owner, seen=article.revision_id, note=" Prices compared. ")
    row = session.scalars(sa.select(Verification)).one()
    assert (row.note, row.user_id) == ("Prices compared.", owner.id)
    assert article.verify_due_at == plus_months(article.verified_at, 12) > NOON


def test_nobody_vouches_for_a_text_they_have_not_seen(make, db):
    article = make.article()
    with pytest.raises(Conflict) as refused:
        lifecycle.verify(article, make.actor("manager"), seen=article.revision_id + 1)
    assert refused.value.code == "moved"
    with pytest.raises(Forbidden):
        lifecycle.verify(article, make.actor("rep"))


def test_a_text_that_changed_hands_and_its_end_are_in_the_trail(make, db, clock):
    clock.set(NOON)
    article, manager, heir = make.article(), make.actor("manager"), make.user("qa", username="heir")
    lifecycle.keep(article, manager, owner="heir", verify_months=3, expires_at=NOON + WEEK)
    assert (article.owner_id, article.verify_months, article.expires_at) == (heir.id, 3, NOON + WEEK)
    assert article.verify_due_at == plus_months(NOON, 3)
    acts = session.scalars(trail("article", article.id)).all()
    assert [act.verb for act in acts] == ["keep"] and acts[0].details["owner"][1] == heir.name
    lifecycle.keep(article, manager, owner="heir", verify_months=3, expires_at=NOON + WEEK)
    assert len(session.scalars(trail("article", article.id)).all()) == 1, "nothing changed, nothing said"


@pytest.mark.parametrize(
    ("about", "field"),
    [({"owner": "nobody"}, "owner"), ({"verify_months": 5}, "verify_months"), ({"expires_at": NOON}, "expires_at")],
)
def test_what_cannot_be_kept_is_said_at_its_field(make, db, clock, about, field):
    clock.set(NOON)
    given = {"owner": "", "verify_months": 6, "expires_at": None, **about}
    with pytest.raises(Invalid) as refused:
        lifecycle.keep(make.article(), make.actor("manager"), **given)
    assert set(refused.value.errors) == {field}


def promised() -> list[str]:
    """What people will be told of that is about keeping texts true."""
    jobs = session.scalars(sa.select(OutboxJob).where(OutboxJob.topic == "notices").order_by(OutboxJob.id))
    return [job.payload["event"] for job in jobs if job.payload.get("event") in {"VerificationDue", "ExpiryNear"}]


def test_a_keeper_hears_once_of_each_due_date(make, db, clock):
    clock.set(NOON)
    article = make.article()
    clock.set(plus_months(NOON, 12))
    lifecycle.remind()
    lifecycle.remind()
    assert promised() == ["VerificationDue"]
    lifecycle.verify(article, make.actor("manager"))
    article.expires_at = plus_months(NOON, 12) + WEEK
    lifecycle.remind()
    lifecycle.remind()
    assert promised() == ["VerificationDue", "ExpiryNear"]


# ── without an owner ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_somebody_owned_who_is_gone_falls_to_the_team(make, db):
    author = make.user("rep", team="billing")
    article = make.article(actor_of(author))
    near, far = make.actor("supervisor", team="billing"), make.actor("supervisor", team="faults")
    people.disable(make.actor("admin"), author)
    assert (article.owner_id, article.owner_team_id) == (None, author.team_id)
    assert can(near, P.KEEP, article) and not can(far, P.KEEP, article)
    assert not can(make.actor("rep", team="billing"), P.KEEP, article)


def test_who_keeps_a_text_and_what_a_keeper_is_shown_are_one_rule(make, db):
    billing = make.user("rep", team="billing")
    articles = [make.article(actor_of(billing)), make.article()]
    articles[0].owner_id, articles[0].owner_team_id = None, billing.team_id
    session.flush()
    for role in ("rep", "business", "qa", "training", "supervisor"):
        for team in ("billing", "faults"):
            actor = make.actor(role, team=team)
            shown = set(session.scalars(sa.select(Article.id).where(kept(actor), allowed(actor, P.READ))))
            assert shown == {one.id for one in articles if can(actor, P.KEEP, one)}, (role, team)


def test_a_retired_text_cannot_be_looked_at(make, db):
    article, manager = make.article(), make.actor("manager")
    retire(article, manager, reason="Old.")
    with pytest.raises(Conflict):
        lifecycle.verify(article, manager)
