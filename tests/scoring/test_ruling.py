"""Rules change by new rows with dates, a month is reckoned under rules that do not hold, and authors share."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core.db import reading, session, writing
from core.errors import Conflict, Forbidden, Invalid
from tests.clients import Browser, Script
from tests.conftest import Clock
from tests.make import Make
from tests.scoring.story import approved, desk, points, submitted
from wiki.articles import ops as writing_ops
from wiki.articles.models import Submission, SubmissionAuthor
from wiki.feedback.ops import vote
from wiki.scoring import ops, rebuilding, registry, ruling
from wiki.scoring.dividing_ops import divide
from wiki.scoring.models import LedgerEntry, ScoringAct, ScoringRule
from wiki.scoring.preview import preview
from wiki.scoring.ruling import Terms
from wiki.scoring.sharing import agreed, history, set_shares

D = Decimal
TODAY = date(2026, 11, 16)


def passed(user: User, n: int, clock: Clock) -> None:
    ops.grant("quiz.passed", source_kind="attempt", source_id=n, people=[user.id], at=clock.now())


def test_a_change_is_a_new_row_that_may_be_called_off_until_it_begins(db: Any, make: Make, clock: Clock) -> None:
    boss, user = make.actor("manager"), make.user()
    with pytest.raises(Forbidden):
        ruling.change_rule("quiz.passed", Terms(D("9")), since=TODAY, actor=actor_of(user))
    made = ruling.change_rule("quiz.passed", Terms(D("3")), since=date(2026, 12, 1), actor=boss, reason="新季度")
    ruling.call_off(made, boss)
    assert [row.valid_to for row in ruling.versions("quiz.passed")] == [None]
    ruling.change_rule("quiz.passed", Terms(D("4")), since=date(2026, 12, 1), actor=boss)
    ruling.end_rule("quiz.passed", last=date(2026, 12, 31), actor=boss)
    passed(user, 1, clock)
    clock.advance(days=20)
    passed(user, 2, clock)
    clock.advance(days=30)
    passed(user, 3, clock)
    assert points(user) == D("5.00")
    with pytest.raises(Conflict):
        ruling.call_off(ruling.versions("quiz.passed")[-1], boss)
    assert [row.verb for row in ruling.told("quiz.passed")] == [
        "end_rule", "change_rule", "call_off_rule", "change_rule",
    ]  # fmt: skip
    assert rebuilding.verify() == []


def test_what_people_have_earned_does_not_change_behind_their_backs(db: Any, make: Make, clock: Clock) -> None:
    boss, user = make.actor("manager"), make.user()
    passed(user, 1, clock)
    with pytest.raises(Invalid, match="2026-11-17 or later"):
        ruling.change_rule("quiz.passed", Terms(D("3")), since=TODAY, actor=boss)
    ruling.change_rule("quiz.passed", Terms(D("3")), since=TODAY + timedelta(days=1), actor=boss)
    registry.close_with(_everything)
    try:
        with pytest.raises(Invalid, match="closed"):
            ruling.change_rule("helpful", Terms(D("3")), since=date(2026, 10, 1), actor=boss)
    finally:
        registry._closed.remove(_everything)


def _everything(period: str) -> bool:
    return True


def test_a_month_has_a_cap_of_its_own(db: Any, make: Make, clock: Clock) -> None:
    user = make.user()
    ruling.change_rule("quiz.passed", Terms(D("4"), cap_per_day=D("6"), cap_per_month=D("9")), since=TODAY)
    for n in range(6):
        passed(user, n, clock)
        if n % 2:
            clock.advance(days=1)
    rows = session.scalars(sa.select(LedgerEntry.points).where(LedgerEntry.user_id == user.id).order_by(LedgerEntry.id))
    assert list(rows) == [D("4"), D("2"), D("3"), D("0"), D("0"), D("0")]
    clock.advance(days=30)
    passed(user, 9, clock)
    assert points(user) == D("13.00")
    assert rebuilding.verify() == []


@pytest.fixture
def november(make: Make, clock: Clock) -> tuple[User, User]:
    """Two authors with an article each; a reader helped by one of them, who takes it back next month."""
    with writing():
        one, two, reviewers = make.user(name="王一"), make.user(name="李二"), desk(make)
        first = approved(submitted(one, title="国际漫游资费说明"), reviewers)
        approved(submitted(two, kind="script", title="挽留话术"), reviewers)
        vote(first, make.actor("rep"), helpful=True)
    return one, two


def test_last_month_under_other_rules(november: tuple[User, User], make: Make) -> None:
    one, two = november
    rules = {row.code: row.rule for row in _rules()}
    with reading():
        same = preview("2026-11", {"helpful": rules["helpful"]})
        assert {who: (b.before, b.after) for who, b in same.people.items() if who in {one.id, two.id}} == {
            one.id: (D("8.50"), D("8.50")),
            two.id: (D("12.00"), D("12.00")),
        }
        halved = ruling.versions("accepted.product")[0].rule
        drafts = {"accepted.product": replace(halved, points=D("20"), cap_per_month=D("18"))}
        found = preview("2026-11", drafts, lines_of=one.id)
        assert (found.people[one.id].before, found.people[one.id].after) == (D("8.50"), D("18.50"))
        assert found.people[two.id].change == 0
        assert found.whole.change == D("10.00")
        assert [(line.before, line.after) for line in found.lines] == [(D("8.00"), D("18.00"))]
        assert preview("2026-11", {"accepted.product": None}).people[one.id].after == D("0.50")
        before = session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry))
    with reading():
        assert session.scalar(sa.select(sa.func.count()).select_from(LedgerEntry)) == before


def _rules() -> list[ScoringRule]:
    with reading():
        return list(session.scalars(sa.select(ScoringRule)))


def test_the_pages_of_the_rules(
    november: tuple[User, User], make: Make, clock: Clock, signed_in: Callable[[Any], Browser],
    api: Callable[..., Script],
) -> None:  # fmt: skip
    clock.advance(days=20)
    boss, rep = make.user("manager"), make.user()
    browser = signed_in(boss)
    assert "Product knowledge accepted" in browser.text("/admin/scoring")
    page = browser.text("/admin/scoring/accepted.product")
    assert "in force" in page
    typed = {"points": "10", "quality": "1", "split": "1", "cap_per_day": "", "cap_per_month": "300"}
    tried = browser.submit(
        "/admin/scoring/used", to="/admin/scoring/accepted.product/try", data={**typed, "since": "2027-01-01"}
    )
    shown = browser.text(tried.headers["Location"])
    assert "+2.00" in shown and "王一" in shown
    lines = browser.text(tried.headers["Location"] + f"&user={november[0].username}")
    assert "submission:" in lines
    assert (
        browser.submit(
            "/admin/scoring/used", to="/admin/scoring/accepted.product", data={**typed, "since": "2026-11-01"}
        ).status_code
        == 422
    )
    bad = browser.submit(
        "/admin/scoring/used",
        to="/admin/scoring/accepted.product",
        data={**typed, "points": "1.234", "since": "2027-01-01"},
    )
    assert bad.status_code == 422
    saved = browser.submit(
        "/admin/scoring/used",
        to="/admin/scoring/accepted.product",
        data={**typed, "since": "2027-01-01", "reason": "更重质量"},
    )
    assert saved.status_code == 303
    page = browser.text("/admin/scoring/accepted.product")
    assert "coming" in page and "更重质量" in page
    assert "+2.00" in browser.text("/admin/scoring/preview?coming=1&month=2026-11")
    found = api(rep).ok("GET", "/scoring/rules")["items"]
    mine = [one for one in found if one["code"] == "accepted.product"]
    assert [(one["points"], one["state"]) for one in mine] == [("8.00", "now"), ("10.00", "coming")]
    add = {"event": "feedback.used", "variant": "script", "points": "0.4", "unit": "points", "since": "2027-01-01"}
    assert browser.submit("/admin/scoring/used", to="/admin/scoring/new", data=add).status_code == 303
    assert browser.submit("/admin/scoring/used", to="/admin/scoring/new", data=add).status_code == 422
    end = browser.submit("/admin/scoring/used", to="/admin/scoring/quiz.passed/end", data={"last": "2026-12-31"})
    assert end.status_code == 303
    ids = [row.id for row in _rules() if row.code == "feedback.used.script"]
    assert browser.submit("/admin/scoring/used", to=f"/admin/scoring/versions/{ids[0]}/call-off").status_code == 303


def test_authors_share_by_their_words_or_as_they_agree(db: Any, make: Make) -> None:
    reviewers, boss = desk(make), make.actor("manager")
    one, two = make.user(), make.user()
    made = make.submission(actor_of(one), "product", title="漫游", body="甲" * 30, submitted=False,
                           fields={"department_text": "乙" * 10, "customer_text": "丙" * 10})  # fmt: skip
    made.author_rows.append(_co_author(made, two))
    session.flush()
    content = make.content("product", title="漫游", body="甲" * 30 + "\n\n" + "丁" * 50,
                           fields={"department_text": "乙" * 10, "customer_text": "丙" * 10})  # fmt: skip
    writing_ops.save(made, actor_of(two), content)
    writing_ops.submit(made, actor_of(one))
    article = approved(made, reviewers)
    assert (points(one), points(two)) == (D("4.00"), D("4.00"))  # fifty characters each
    vote(article, make.actor("rep"), helpful=True)
    assert (points(one), points(two)) == (D("4.25"), D("4.25"))
    with pytest.raises(Forbidden):
        set_shares(made, actor_of(one), {one.id: 100, two.id: 0}, reason="x")
    for wrong in ({one.id: 60, two.id: 50}, {one.id: 100}):
        with pytest.raises(Invalid):
            set_shares(made, boss, wrong, reason="约定")
    set_shares(made, boss, {one.id: 25, two.id: 75}, reason="约定")
    assert (points(one), points(two)) == (D("2.12") + D("0.01"), D("6.37"))
    vote(article, make.actor("rep"), helpful=True)
    assert points(one) + points(two) == D("9.00")
    assert rebuilding.verify() == []


def test_no_author_sets_the_parts_of_the_others(app: Any, make: Make, signed_in: Callable[..., Browser]) -> None:
    with writing():
        reviewers, boss = desk(make), make.user("manager", username="boss")
        people = {name: make.user(username=name, name=name.title()) for name in ("ann", "bob", "cat")}
        ids = {name: one.id for name, one in people.items()}
        made = make.submission(actor_of(people["ann"]), "product", title="漫游", body="甲" * 30, submitted=False)
        made.author_rows += [SubmissionAuthor(user_id=ids[one], position=n) for n, one in enumerate(("bob", "cat"), 1)]
    ann, bob, cat = (signed_in(one) for one in people.values())
    page, shares = f"/submissions/{made.id}", f"/submissions/{made.id}/shares"

    def parts(*percent: int) -> dict[str, str]:
        return {f"share-{one}": str(part) for one, part in zip(ids.values(), percent, strict=True)}

    def now() -> dict[int, int] | None:
        with reading():
            return agreed(made.id, list(ids.values()))

    def newest() -> str:
        with reading():
            return f"{shares}/{history(made.id)[0].id}"

    assert ann.submit(page, to=shares, data=parts(98, 1, 1)).status_code == 303
    assert now() is None
    assert "Still to answer: Bob, Cat." in ann.text(page)
    assert ann.submit(page, to=newest(), say="yes").status_code == 409, "nobody agrees with themselves"
    assert bob.submit(page, to=newest(), say="yes").status_code == 303
    assert now() is None
    off = newest()
    assert cat.submit(page, to=off, say="no").status_code == 303
    assert "Cat did not agree" in ann.text(page)
    assert cat.submit(page, to=off, say="yes").status_code == 409, "it is off"
    assert bob.submit(page, to=shares, data=parts(50, 30, 20)).status_code == 303
    for browser in (cat, ann, ann):
        assert browser.submit(page, to=newest(), say="yes").status_code == 303
    assert now() == {ids["ann"]: 50, ids["bob"]: 30, ids["cat"]: 20}
    assert ann.submit(page, to=shares, data=parts(90, 5, 5)).status_code == 303
    assert now() == {ids["ann"]: 50, ids["bob"]: 30, ids["cat"]: 20}, "what was agreed stays until all agree to more"
    assert signed_in(make.user("rep")).submit("/", to=newest(), say="yes").status_code == 404
    with writing():
        found = session.get_one(Submission, made.id)
        writing_ops.submit(found, actor_of(people["ann"]))
        approved(found, reviewers)
        assert [points(one) for one in people.values()] == [D("4.00"), D("2.40"), D("1.60")]
    assert bob.submit(page, to=newest(), say="yes").status_code == 403, "it is published"
    assert signed_in(boss).submit(page, to=shares, data={**parts(0, 50, 50), "reason": "约定"}).status_code == 303
    assert now() == {ids["ann"]: 0, ids["bob"]: 50, ids["cat"]: 50}
    with reading():
        assert rebuilding.verify() == []


def test_a_division_takes_as_many_statements_for_many_thanks_as_for_one(
    db: Any, make: Make, clock: Clock, query_count: Callable[[], Any]
) -> None:
    one, two = make.user(), make.user()
    for n in range(40):
        ops.grant("feedback.used", source_kind="thanks", source_id=n, people=[one.id, two.id], at=clock.now())
    acts = list(session.scalars(sa.select(ScoringAct).order_by(ScoringAct.id)))
    before, taken = points(one) + points(two), []
    for some, parts in ((acts[:1], {one.id: 1, two.id: 0}), (acts, {one.id: 0, two.id: 1})):
        with query_count() as statements:
            assert divide(some, parts) == len(some)
        taken.append(len(statements))
    assert taken[0] == taken[1] <= 7
    assert (points(one), points(two)) == (D("0.00"), before)
    assert rebuilding.verify() == []


def _co_author(made: Submission, user: User) -> Any:
    return SubmissionAuthor(user_id=user.id, position=1)


def test_the_authors_set_their_parts_beside_the_submission(make: Make, signed_in: Callable[[Any], Browser]) -> None:
    one, two, other = make.user(name="王一"), make.user(name="李二"), make.user()
    with writing():
        reviewers = desk(make)
        made = submitted(one)
        session.get_one(Submission, made.id).author_rows.append(_co_author(made, two))
    browser, here = signed_in(two), f"/submissions/{made.id}"
    page = browser.text(here)
    assert "By the words each has written" in page
    sums = {f"share-{one.id}": "70", f"share-{two.id}": "40"}
    assert browser.submit(here, sums, to=f"{here}/shares").status_code == 422
    sums[f"share-{two.id}"] = "30"
    assert browser.submit(here, sums, to=f"{here}/shares").status_code == 303
    first = signed_in(one)
    assert "李二 proposes:" in first.text(here)
    with reading():
        proposed = history(made.id)[0].id
    assert first.submit(here, to=f"{here}/shares/{proposed}", say="yes").status_code == 303
    assert "李二 proposed:" in browser.text(here)
    assert "all agreed" in browser.text(here)
    assert signed_in(other).submit("/ledger", sums, to=f"{here}/shares").status_code == 404
    with writing():
        approved(session.get_one(Submission, made.id), reviewers)
        assert (points(one), points(two)) == (D("5.60"), D("2.40"))
