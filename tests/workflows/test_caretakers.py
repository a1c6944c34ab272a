"""Who looks after a category: the nearest on the path, active people only, changed by the manager alone."""

import pytest
import sqlalchemy as sa

from accounts import ops as people
from core.audit import TrailEntry
from core.db import session, writing
from core.errors import Forbidden, Invalid, NotFound
from wiki.articles.ops import add_category
from workflows import subjects
from workflows.caretakers import caretakers_of, every, save_caretakers


def tree() -> None:
    add_category("services", "业务")
    add_category("billing", "资费", "services")
    add_category("refunds", "退费", "billing")
    add_category("other", "其他")
    session.flush()


def test_categories_come_through_the_slot(db):
    tree()
    assert subjects.categories() == [
        ("other", "其他", "other"),
        ("services", "业务", "services"),
        ("billing", "资费", "services/billing"),
        ("refunds", "退费", "services/billing/refunds"),
    ]


def test_the_nearest_category_on_the_path_counts(db, make):
    tree()
    chief, high, low = make.actor("manager"), make.user("qa", name="A"), make.user("business", name="B")
    save_caretakers(chief, "services", [high.username])
    assert caretakers_of("services/billing/refunds") == {"services": [high.id]}
    save_caretakers(chief, "billing", [low.username, high.username])
    assert caretakers_of("services/billing/refunds") == {"billing": [high.id, low.id]}
    assert caretakers_of("services") == {"services": [high.id]}
    for path in ("other", "", "nowhere/at/all"):
        assert caretakers_of(path) == {}


def test_who_left_looks_after_nothing(db, make):
    tree()
    chief, high, low = make.actor("manager"), make.user("qa"), make.user("qa")
    save_caretakers(chief, "services", [high.username])
    save_caretakers(chief, "billing", [low.username])
    people.disable(None, low)
    assert caretakers_of("services/billing") == {"services": [high.id]}
    assert every() == {"services": [high]}


def test_exactly_those_named_afterwards_and_each_change_in_the_trail(db, make):
    tree()
    chief, one, two = make.actor("manager"), make.user("qa"), make.user("qa")
    save_caretakers(chief, "billing", [one.username])
    save_caretakers(chief, "billing", [two.username.upper(), two.username])
    assert every() == {"billing": [two]}
    save_caretakers(chief, "billing", [])
    assert every() == {}
    verbs = session.execute(
        sa.select(TrailEntry.verb, TrailEntry.subject_id)
        .where(TrailEntry.subject_kind == "user")
        .order_by(TrailEntry.id)
    ).all()
    assert [tuple(row) for row in verbs] == [
        ("looks after a category", one.id),
        ("stopped looking after a category", one.id),
        ("looks after a category", two.id),
        ("stopped looking after a category", two.id),
    ]


@pytest.mark.parametrize("role", ["rep", "qa", "supervisor", "admin"])
def test_only_the_manager_says_who(db, make, role):
    tree()
    with pytest.raises(Forbidden):
        save_caretakers(make.actor(role), "billing", [])


def test_unknown_people_and_categories_are_refused(db, make):
    tree()
    chief = make.actor("manager")
    with pytest.raises(NotFound):
        save_caretakers(chief, "nowhere", [])
    for wrong in ("nobody", make.user("qa", active=False).username, make.user("rep").username):
        with pytest.raises(Invalid):
            save_caretakers(chief, "billing", [wrong])
    assert every() == {}


@pytest.mark.both_databases
def test_one_row_for_each_person_and_category(make):
    with writing():
        tree()
    chief, one = make.actor("manager"), make.user("qa")
    for category in ("billing", "services", "billing"):
        with writing():
            save_caretakers(chief, category, [one.username])
    with writing():
        assert {key: [user.id for user in found] for key, found in every().items()} == {
            "billing": [one.id],
            "services": [one.id],
        }
