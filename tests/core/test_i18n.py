"""Days, moments and sizes as people read them."""

from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import i18n

DAY, AT = date(2026, 11, 2), datetime(2026, 11, 2, 6, 3, 9, tzinfo=UTC)
FORMS = ("short", "medium", "long", "full")


def test_english_names_the_month_after_the_day_and_chinese_stays_as_it_was(app):
    with app.test_request_context(), i18n.force_locale("en"):
        assert [i18n.format_date(DAY, form) for form in FORMS] == [
            "2 Nov 2026", "2 Nov 2026", "2 November 2026", "Monday 2 November 2026"
        ]  # fmt: skip
        assert (i18n.format_datetime(AT), i18n.format_datetime(AT, "medium")) == (
            "2 Nov 2026, 14:03", "2 Nov 2026, 14:03:09"
        )  # fmt: skip
        assert (i18n.format_day(DAY), i18n.format_weekday(DAY)) == ("2 Nov", "Mon 2 Nov")
        assert i18n.format_weekday(DAY, year=True) == "Mon 2 Nov 2026"
    with app.test_request_context(), i18n.force_locale("zh_Hans"):
        assert [i18n.format_date(DAY, form) for form in FORMS] == [
            "2026/11/2", "2026年11月2日", "2026年11月2日", "2026年11月2日星期一"
        ]  # fmt: skip
        assert i18n.format_datetime(AT) == "2026/11/2 14:03"
        assert i18n.format_datetime(AT, "medium") == "2026年11月2日 14:03:09"
        assert (i18n.format_day(DAY), i18n.format_weekday(DAY)) == ("11-02", "11月2日周一")


def test_the_filters_of_pages_say_the_same(app):
    shown = app.jinja_env.from_string("{{ day|date }} {{ at|time }} {{ room|size }} {{ none|date }} {{ none|time }}")
    with app.test_request_context(), i18n.force_locale("en"):
        assert shown.render(day=AT, at=AT, room=3_000_000_000, none=None) == "2 Nov 2026 2 Nov 2026, 14:03 2.8 GB – –"


@pytest.mark.parametrize(("count", "said"), [
    (0, "0 B"), (999, "999 B"), (1000, "1 KB"), (640 << 10, "640 KB"), (1023 << 10, "1 MB"), (3_565_158, "3.4 MB"),
    (64 << 20, "64 MB"), (123 << 20, "123 MB"), (1023 << 20, "1 GB"), (1_288_490_189, "1.2 GB"), (1 << 40, "1 TB"),
])  # fmt: skip
def test_a_size_is_said_in_the_unit_that_reads_best(app, count, said):
    with app.test_request_context(), i18n.force_locale("en"):
        assert i18n.size(count) == said


@given(st.integers(0, 1 << 49))
def test_no_size_has_four_digits_before_its_unit_or_more_than_one_behind_the_point(count):
    number, unit = i18n.size(count).split()
    whole, _point, rest = number.partition(".")
    assert unit in i18n.UNITS and len(whole) <= 3 and len(rest) <= 1


def test_every_form_of_every_language_can_be_shown(app):
    for code, form in product(i18n.LOCALES, FORMS):
        with app.test_request_context(), i18n.force_locale(code):
            assert "2026" in i18n.format_date(DAY, form) and "2026" in i18n.format_datetime(AT, form)
