"""``/admin/caretakers`` as a manager uses it."""

import html
import re

import pytest

from core.db import writing
from wiki.articles.ops import add_category
from workflows.caretakers import caretakers_of

pytestmark = pytest.mark.both_databases


@pytest.fixture
def chief(app, make, signed_in):
    with writing():
        add_category("services", "业务")
        add_category("billing", "资费", "services")
    return signed_in(make.user("manager"))


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_the_tree_says_who_looks_after_what(chief, make):
    one, two = make.user("qa", name="Lan"), make.user("business", name="Jie")
    make.user("rep", name="Only Rep")
    page = chief.text("/admin/caretakers?edit=services")
    assert "Lan" in page
    assert "Only Rep" not in page
    answer = chief.submit(
        "/admin/caretakers", {"people": [one.username, two.username]}, to="/admin/caretakers/services"
    )
    assert answer.headers["Location"] == "/admin/caretakers#c-services"
    page = text_of(chief.text("/admin/caretakers"))
    assert "Saved: 业务" in page
    assert "as for 业务: Jie, Lan" in page
    chief.submit("/admin/caretakers", {"people": [one.username]}, to="/admin/caretakers/billing")
    page = chief.text("/admin/caretakers?edit=billing")
    assert re.search(rf'value="{one.username}" checked', page)
    assert not re.search(rf'value="{two.username}" checked', page)
    chief.submit("/admin/caretakers", {}, to="/admin/caretakers/services")
    with writing():
        assert caretakers_of("services/billing") == {"billing": [one.id]}
        assert caretakers_of("services") == {}


def test_what_is_refused_is_said_in_place(chief, make):
    rep = make.user("rep", name="Only Rep")
    answer = chief.submit("/admin/caretakers", {"people": [rep.username]}, to="/admin/caretakers/billing")
    assert answer.status_code == 422
    assert "Only Rep reviews nothing" in answer.get_data(as_text=True)
    assert chief.submit("/admin/caretakers", {}, to="/admin/caretakers/nowhere").status_code == 404
    chief.text("/admin/caretakers?edit=nowhere", 404)


def test_it_is_in_the_menu_of_the_manager_alone(chief, make, signed_in):
    assert "/admin/caretakers" in chief.text("/")
    assert "/admin/caretakers" not in signed_in(make.user("supervisor", "admin")).text("/")


def test_without_categories_the_page_says_so(app, make, signed_in):
    assert "No categories yet" in signed_in(make.user("manager")).text("/admin/caretakers")
