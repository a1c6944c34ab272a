"""Hours and special days as people write them."""

import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Invalid
from tests.workflows.test_calendars import spans as any_spans
from workflows.calendar_texts import (
    SpecialDay,
    hours_named,
    spans,
    special_days,
    special_days_text,
    text_of,
)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("", ()),
        ("  ", ()),
        ("09:00-18:00", ((540, 1080),)),
        ("9-18", ((540, 1080),)),
        ("9:00 – 12:00, 13:00 — 18:00", ((540, 720), (780, 1080))),
        ("13:00-18:00,9:00-12:00", ((540, 720), (780, 1080))),
        ("09:00-12:00\uff0c13:00至18:00", ((540, 720), (780, 1080))),
        ("09\uff1a00\uff5e12\uff1a00\u300113:00到18:00\uff0c", ((540, 720), (780, 1080))),
        ("\uff19\uff0d\uff11\uff18", ((540, 1080),)),
        ("9点到12点, 13点30至18点", ((540, 720), (810, 1080))),
        ("22:00-06:00", ((1320, 1800),)),
        ("22:00-00:00", ((1320, 1440),)),
        ("06:00-00:00", ((360, 1440),)),
        ("00:00-24:00", ((0, 1440),)),
        ("00:00-02:00, 22:00-02:00", ((0, 120), (1320, 1560))),
        ("09:00-12:00, 12:00-18:00", ((540, 720), (720, 1080))),
    ],
)
def test_hours_are_understood(text, hours):
    assert spans(text) == hours
    assert spans(text_of(hours)) == hours


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("morning", "“morning” is not understood"),
        ("早上9点到18点", "“早上9点到18点” is not understood"),
        ("09:00", "“09:00” is not understood"),
        ("09:00-18:00 13:00-14:00", "is not understood"),
        ("9:5-10:00", "is not understood"),
        ("09:00-25:00", "from 00:00 to 24:00"),
        ("24:00-25:00", "from 00:00 to 24:00"),
        ("09:75-10:00", "from 00:00 to 24:00"),
        ("09:00-09:00", "A whole day is 00:00-24:00"),
        ("9点到6点", "“9点到6点” would go on past midnight for more than 16 hours"),
        ("09:00-12:00, 11:00-13:00", "09:00-12:00 and 11:00-13:00 overlap"),
        ("22:00-06:00, 23:00-24:00", "22:00-06:00 and 23:00-24:00 overlap"),
    ],
)
def test_what_is_not_understood_is_said(text, said):
    with pytest.raises(Invalid) as refused:
        spans(text, "monday")
    assert said in refused.value.errors["monday"]


@given(any_spans())
@settings(deadline=None)
def test_hours_come_back_as_they_were(hours):
    assert spans(text_of(hours)) == hours


def test_hours_have_words():
    assert [hours_named(one) for one in ((), ((0, 1440),), ((540, 1080),))] == [
        "closed",
        "around the clock",
        "09:00-18:00",
    ]


WORKED = SpecialDay(((540, 1080),), "调休")


@pytest.mark.parametrize(
    ("line", "days"),
    [
        ("2026-10-01 国庆节", {date(2026, 10, 1): SpecialDay((), "国庆节")}),
        ("2026-10-01", {date(2026, 10, 1): SpecialDay()}),
        ("2026/10/1 国庆节", {date(2026, 10, 1): SpecialDay((), "国庆节")}),
        ("2026年10月1日 国庆节", {date(2026, 10, 1): SpecialDay((), "国庆节")}),
        ("2026-10-10 09:00-18:00 调休", {date(2026, 10, 10): WORKED}),
        ("2026-10-10 9:00-18:00调休", {date(2026, 10, 10): WORKED}),
        ("2026-10-10 9-12,13-18 调休", {date(2026, 10, 10): SpecialDay(((540, 720), (780, 1080)), "调休")}),
        (
            "2026-10-10\u3000\uff19-12\uff0c13-18 调休",
            {date(2026, 10, 10): SpecialDay(((540, 720), (780, 1080)), "调休")},
        ),
        ("2026-10-10 22:00-06:00", {date(2026, 10, 10): SpecialDay(((1320, 1800),))}),
        ("2026-12-24 12-ton truck day", None),
        ("2026-02-01 11月的纪念日", {date(2026, 2, 1): SpecialDay((), "11月的纪念日")}),
    ],
)
def test_one_line_is_one_day(line, days):
    if days is None:
        with pytest.raises(Invalid):
            special_days(line)
    else:
        assert special_days(line) == days


@pytest.mark.parametrize("between", ["..", " .. ", "至", "~", " - ", "…"])
def test_one_line_can_be_several_days(between):
    days = special_days(f"2026-10-01{between}2026-10-07 国庆节")
    assert list(days) == [date(2026, 10, 1) + timedelta(days=n) for n in range(7)]
    assert special_days_text(days) == "2026-10-01..2026-10-07 国庆节"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("国庆节", "Line 1: begin with a date"),
        ("\n2026-10-01\n10-02 x", "Line 3: begin with a date"),
        ("2026-02-30 x", "Line 1: there is no day 2026-02-30"),
        ("1026-02-03 x", "there is no day 1026-02-03"),
        ("2026-10-10 9:00 调休", "Line 1: “9:00 调休” is not understood"),
        ("2026-10-10 9- 调休", "is not understood"),
        ("2026-10-10 9点 调休", "“9点 调休” is not understood"),
        ("2026-10-10 09:00-18:00 13:00 调休", "is not understood"),
        ("2026-10-10 09:00-18:00, 17:00-19:00", "Line 1: 09:00-18:00 and 17:00-19:00 overlap"),
        ("2026-10-01\n2026-10-01 again", "Line 2: 2026-10-01 stands there twice"),
        ("2026-10-07..2026-10-01", "2026-10-01 lies before 2026-10-07"),
        ("2026-01-01..2028-01-01", "at most a year"),
        ("2026-10-01 " + "x" * 61, "at most 60 characters"),
        ("2026-10-012 x", "begin with a date"),
        ("\n".join(["?"] * 9), "And 4 more lines"),
        ("\n".join(f"{year}-01-01..{year}-12-31" for year in range(2020, 2027)), "more than 2000 days"),
    ],
)
def test_lines_that_are_not_understood_are_named(text, said):
    with pytest.raises(Invalid) as refused:
        special_days(text)
    assert said in refused.value.errors["exceptions"]


NAMES = st.text(st.sampled_from("国庆节调休 Labour-Day1月"), max_size=12).map(lambda text: " ".join(text.split()))


@given(
    st.dictionaries(
        st.dates(date(2026, 1, 1), date(2026, 3, 31)),
        st.builds(SpecialDay, any_spans(), NAMES.filter(lambda name: not name[:1].isdigit() and name[:1] != "-")),
        max_size=20,
    )
)
@settings(deadline=None)
def test_special_days_come_back_as_they_were(days):
    assert special_days(special_days_text(days)) == days


@given(st.text(st.sampled_from("0123456789-:., 年月日\n休;\uff19"), max_size=60))
@settings(deadline=None)
def test_whatever_is_typed_is_taken_or_refused(text):
    for read in (spans, special_days):
        with contextlib.suppress(Invalid):
            read(text)
