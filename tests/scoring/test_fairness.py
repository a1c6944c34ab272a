"""Rings and slices are found among what is normal, with evidence; a manager dismisses or takes back."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from accounts.models import User
from accounts.people import actor_of
from core.db import session, writing
from core.errors import Conflict, Forbidden
from tests.clients import Browser
from tests.make import Make
from tests.scoring.crowd import crowd, desk_of, quality
from tests.scoring.story import approved, desk, points, submitted
from wiki.feedback.ops import mark_used, vote
from wiki.scoring import findings, rebuilding
from wiki.scoring.fairness import rings, slices
from wiki.scoring.models import Finding, FindingKind

D = Decimal
TEXT = "客户反映月初话费比平时高出许多时,先核对上月账单的漫游流量与国际通话,再逐项说明费用的来源与可以减免的部分。"


def measured(seed: int) -> list[tuple[float, float]]:
    people, texts = crowd(seed), desk_of(seed)
    found = [frozenset(ring.people) for ring in rings(people.thanks, people.teams)]
    groups = [frozenset(group.papers) for group in slices(texts.papers)]
    return [quality(found, people.rings), quality(groups, texts.seeded)]


def test_rings_and_slices_among_a_thousand_people_are_found(seed: int = 7) -> None:
    for precision, recall in measured(seed):
        assert precision >= 0.9
        assert recall >= 0.8


@pytest.mark.soak
def test_rings_and_slices_are_found_whatever_the_seed() -> None:
    for found in zip(*(measured(seed) for seed in range(20)), strict=True):
        precision, recall = (sum(one[n] for one in found) / len(found) for n in (0, 1))
        assert precision >= 0.9
        assert recall >= 0.8


def test_a_popular_author_and_a_team_that_reads_itself_are_not_remarked_on() -> None:
    people = crowd(11, rings=0)
    assert len(rings(people.thanks, people.teams)) <= 3  # of a hundred pairs of friends


def village(make: Make) -> tuple[User, User, dict[str, User]]:
    """Two who thank each other for everything, among twelve who read here and there."""
    reviewers = desk(make)
    one, two = make.user(name="王一"), make.user(name="李二")
    others = [make.user(name=f"同事{n}") for n in range(12)]
    texts: dict[int, list[Any]] = {}
    for who in (one, two, *others[:4]):
        for n in range(5 if who in (one, two) else 3):
            title = f"{who.name}的经验{n}"
            texts.setdefault(who.id, []).append(approved(submitted(who, title=title), reviewers))
    for reader, writer in ((one, two), (two, one)):
        for article in texts[writer.id]:
            vote(article, actor_of(reader), helpful=True)
            mark_used(article, actor_of(reader))
    for n, reader in enumerate(others):
        for writer in others[:4]:
            if writer is not reader:
                vote(texts[writer.id][n % 3], actor_of(reader), helpful=True)
    return one, two, reviewers


def test_a_ring_is_found_once_and_its_points_are_taken_back(db: Any, make: Make) -> None:
    one, two, _reviewers = village(make)
    boss = make.actor("manager")
    before = points(one)
    findings.look()
    (found,) = session.scalars(sa.select(Finding).where(Finding.kind == FindingKind.RING)).all()
    assert found.people == [one.id, two.id]
    assert (found.evidence["ties"][0]["given"], found.evidence["ties"][0]["back"]) == (5, 5)
    assert findings.look() == 0
    with pytest.raises(Forbidden):
        findings.withdraw(found, actor_of(one), reason="x")
    assert findings.withdraw(found, boss, reason="互相点赞") == 20
    assert before - points(one) == D("4.00")  # five votes and five uses of the other
    with pytest.raises(Conflict):
        findings.dismiss(found, boss, reason="x")
    assert findings.look() == 0  # nothing has been added since it was decided
    assert rebuilding.verify() == []


def test_slices_are_shown_beside_each_other(make: Make, signed_in: Callable[[Any], Browser]) -> None:
    with writing():
        author, reviewers = make.user(name="王一"), desk(make)
        for n in range(3):
            fields = {"department_text": TEXT, "customer_text": f"{TEXT}请您放心,第{n}种办法。"}
            made = make.submission(actor_of(author), "product", title=f"话费高怎么答 {n}", body=TEXT, fields=fields)
            approved(made, reviewers)
        approved(submitted(author, kind="script", title="挽留话术"), reviewers)
        earned = points(author)
        boss, rep = make.user("manager"), make.user()
    browser = signed_in(boss)
    assert browser.submit("/insight/fairness", to="/insight/fairness/look").status_code == 303
    page = browser.text("/insight/fairness")
    assert "3 texts that say the same" in page
    with writing():
        found = session.scalars(sa.select(Finding)).one()
        here, first, second = f"/insight/fairness/{found.id}", *found.evidence["submissions"][:2]
    assert "Side by side" in browser.text(here)
    beside = browser.text(f"{here}/texts?one={first}&other={second}")
    assert "种办法" in beside and "cmp-new" in beside
    assert signed_in(rep).get(here).status_code == 403
    assert browser.submit(here, {"reason": ""}, to=f"{here}/withdraw").status_code == 422
    assert browser.submit(here, {"reason": "同一篇拆开申报"}, to=f"{here}/withdraw").status_code == 303
    assert "took the points back" in browser.text(here)
    assert "同一篇拆开申报" in signed_in(author).text("/ledger")
    with writing():
        assert earned - points(author) == D("16.00")
