"""What is the matter with a text, and how many points that gives: the table of docs/health.md."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wiki.insight.health_rules import BAD, Facts, Reason, findings, score, unhelped

NOW = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 16)


def days(n):
    return NOW - timedelta(days=n)


def told(**facts):
    about = {"kind": "faq", "published_at": days(10), **facts}
    return {one.reason.value: (one.number, one.points) for one in findings(Facts(**about), NOW, TODAY)}


LONG_AGO = {"published_at": days(200), "counted_since": TODAY - timedelta(days=300)}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, {}),
        ({"open_flags": 1}, {"flagged": (1, 20)}),
        ({"open_flags": 2, "late_flags": 1}, {"flagged": (2, 50)}),
        ({"open_flags": 9, "late_flags": 9}, {"flagged": (9, 60)}),
        ({"verify_due_at": NOW + timedelta(minutes=1)}, {}),
        ({"verify_due_at": NOW}, {"stale": (1, 15)}),
        ({"verify_due_at": days(21)}, {"stale": (21, 18)}),
        ({"verify_due_at": days(900)}, {"stale": (900, 40)}),
        ({"expires_at": NOW + timedelta(days=3, hours=1)}, {"ending": (4, 10)}),
        ({"expires_at": NOW + timedelta(days=15)}, {}),
        ({"expires_at": NOW + timedelta(days=3), "kind": "notice"}, {}),
        ({"helpful": 31, "not_helpful": 3}, {}),
        ({"not_helpful": 1}, {}),
        ({"not_helpful": 2}, {"badly_rated": (25, 25)}),
        ({"helpful": 5, "not_helpful": 5}, {"badly_rated": (26, 26)}),
        ({"not_helpful": 10}, {"badly_rated": (65, 65)}),
        ({"twin_percent": 91}, {"duplicate": (91, 15)}),
        ({"twin_percent": 91, "twin_differs": True}, {"contradicts": (91, 25)}),
        ({**LONG_AGO}, {"unread": (200, 13)}),
        ({**LONG_AGO, "last_opened": TODAY - timedelta(days=89)}, {}),
        ({**LONG_AGO, "last_opened": TODAY - timedelta(days=90)}, {"unread": (90, 10)}),
        ({**LONG_AGO, "kind": "block"}, {}),
        ({**LONG_AGO, "counted_since": TODAY - timedelta(days=89)}, {}),
        ({**LONG_AGO, "counted_since": None}, {}),
        ({**LONG_AGO, "linked": False}, {"unread": (200, 13), "orphaned": (200, 10)}),
        ({**LONG_AGO, "linked": False, "last_opened": TODAY - timedelta(days=100)}, {"unread": (100, 10)}),
        ({**LONG_AGO, "linked": False, "kind": "block"}, {"orphaned": (200, 10)}),
        ({"linked": False}, {}),
        ({"kind": "script", "published_at": days(30)}, {"unused": (30, 10)}),
        ({"kind": "script", "published_at": days(29)}, {}),
        ({"kind": "script", "published_at": days(30), "used": 1}, {}),
        ({"broken_links": 1}, {"broken_links": (1, 5)}),
        ({"broken_links": 7}, {"broken_links": (7, 20)}),
        ({"has_owner": False}, {"no_owner": (1, 15)}),
        ({"has_owner": False, "has_team": True}, {"no_owner": (1, 10)}),
        ({"has_category": False}, {"no_category": (1, 5)}),
        ({"has_category": False, "kind": "block"}, {}),
    ],
)
def test_the_table(facts, expected):
    assert told(**facts) == expected


def test_the_score_is_the_sum_and_the_worst_reason_stands_first():
    found = findings(Facts("faq", days(5), has_owner=False, has_category=False, open_flags=3), NOW, TODAY)
    assert [one.reason for one in found] == [Reason.FLAGGED, Reason.NO_OWNER, Reason.NO_CATEGORY]
    assert score(found) == 80 == sum(one.points for one in found)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_one_more_voice_moves_the_bound_the_right_way(helpful, unhelpful):
    here = unhelped(helpful, unhelpful)
    assert 0 <= here <= 100
    assert unhelped(helpful + 1, unhelpful) <= here
    assert unhelped(helpful, unhelpful + 1) >= here
    assert here <= 100 * (unhelpful + 1) // (helpful + unhelpful + 4), "never above the mean"


def test_one_cross_voice_condemns_nothing():
    assert unhelped(0, 1) < BAD
    assert unhelped(0, 0) == 0
