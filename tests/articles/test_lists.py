"""Services and categories are a manager's to keep."""

import sqlalchemy as sa

from core.db import reading
from wiki.articles.models import Category, Service


def test_a_manager_adds_and_renames(make, signed_in):
    browser = signed_in(make.user("manager"))
    browser.submit("/admin/lists", name="账单", to="/admin/lists/categories")
    browser.submit("/admin/lists", name="争议", parent="账单", to="/admin/lists/categories")
    browser.submit("/admin/lists", name="账单与缴费", slug="账单", to="/admin/lists/categories")
    browser.submit("/admin/lists", name="补换卡", code="sim", to="/admin/lists/services")
    with reading() as s:
        assert dict(s.execute(sa.select(Category.path, Category.name)).all()) == {
            "账单": "账单与缴费",
            "账单/争议": "争议",
        }
        assert s.scalars(sa.select(Service.code)).all() == ["sim"]
    assert "账单与缴费" in browser.text("/admin/lists")


def test_a_blank_name_is_refused_with_a_sentence(make, signed_in):
    browser = signed_in(make.user("manager"))
    answer = browser.submit("/admin/lists", name=" ", code="x", to="/admin/lists/services")
    assert answer.status_code == 422
    assert "This is needed." in answer.get_data(as_text=True)


def test_others_may_not(make, signed_in):
    assert signed_in(make.user("rep")).get("/admin/lists").status_code == 403
