"""The demo content is whole: references resolve, kinds have their fields, nothing is named twice."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

CONTENT = Path(__file__).resolve().parents[2] / "wiki" / "demo" / "content"
ROLES = {"rep", "business", "qa", "training", "supervisor", "manager", "admin"}
STAGES = {
    "best_practice": ("business", "qa", "training", "supervisor"),
    "script": ("business", "qa", "training", "supervisor"),
    "sop": ("business", "qa", "training", "supervisor"),
    "faq": ("business", "qa", "supervisor"),
    "notice": ("business", "supervisor"),
    "product": ("business", "qa"),
    "block": ("business", "qa"),
}
NEEDED = {
    "best_practice": {"situation", "action"},
    "script": {"scenario", "say"},
    "faq": {"question", "answer"},
    "sop": {"process_no", "effective_on", "steps"},
    "notice": {"effective_from"},
    "product": {"department_text", "customer_text"},
    "block": set(),
}
ALLOWED = {
    "best_practice": {"situation", "action", "why_it_worked", "evidence"},
    "script": {"scenario", "customer_says", "qbq", "say", "avoid", "closing", "branches"},
    "faq": {"question", "answer", "note"},
    "sop": {"process_no", "effective_on", "scope", "duties", "steps", "records", "audit_every_months"},
    "notice": {"effective_from", "effective_to", "acknowledge_by", "audience_ack"},
    "product": {"department_text", "customer_text", "offer_ends_on", "source_ref"},
    "block": set(),
}
DATES = {"effective_on", "offer_ends_on"}
TIMES = {"effective_from", "effective_to", "acknowledge_by"}
TOKEN = re.compile(r"@[+-]?\d+d( \d\d:\d\d)?")
INDICATORS = {
    "cases_closed_24h",
    "calls_answered",
    "csat",
    "proactive_care",
    "receivable_days",
    "software_contracts",
    "hardware_contracts",
    "turnover_good",
    "aht",
    "fcr",
    "abandonment",
    "qa_score",
    "complaints",
}


def data(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONTENT / name).read_text(encoding="utf-8"))


def article(path: Path) -> dict[str, Any]:
    opening, front, body = path.read_text(encoding="utf-8").split("---\n", 2)
    assert opening == "", path.name
    return {**yaml.safe_load(front), "body": body.strip(), "file": path.name}


PEOPLE = data("people.yaml")
LISTS = data("lists.yaml")
ACTIVITY = data("activity.yaml")
COURSES = data("course.yaml")["courses"]
WHO = {person["username"]: person for person in PEOPLE["people"]}
FILES = [article(path) for path in sorted((CONTENT / "articles").glob("*.md"))]
NEW = [a for a in FILES if "changes" not in a]
CHANGES = [a for a in FILES if "changes" in a]
BY_TITLE = {a["title"]: a for a in NEW}
PUBLISHED = {title: a for title, a in BY_TITLE.items() if a["state"] == "published"}


def authors(a: dict[str, Any]) -> set[str]:
    return {a["author"], *a.get("coauthors", [])}


def kind_of(a: dict[str, Any]) -> str:
    return str(a["kind"] if "kind" in a else BY_TITLE[a["changes"]]["kind"])


def may_read(username: str, a: dict[str, Any]) -> bool:
    audience, person = a["audience"], WHO[username]
    if isinstance(audience, str):
        return True
    rule = audience["restricted"]
    return (
        person["team"] in rule.get("teams", [])
        or bool(set(person["roles"]) & set(rule.get("roles", [])))
        or person["tier"] in rule.get("tiers", [])
        or username in rule.get("people", [])
    )


def check_group(rule: dict[str, list[str]]) -> None:
    known = {
        "roles": ROLES,
        "teams": {t["slug"] for t in PEOPLE["teams"]},
        "tiers": {t["slug"] for t in PEOPLE["tiers"]},
        "people": set(WHO),
    }
    for key, values in rule.items():
        assert set(values) <= known[key]


def first_published(a: dict[str, Any]) -> int:
    return max([a["days_ago"], *(e["days_ago"] for e in a.get("earlier", []))])


def test_people_resolve() -> None:
    sites = {s["slug"] for s in PEOPLE["sites"]}
    tiers = {t["slug"] for t in PEOPLE["tiers"]}
    teams = {t["slug"]: t for t in PEOPLE["teams"]}
    assert len(WHO) == len(PEOPLE["people"])
    assert len({p["name"] for p in PEOPLE["people"]}) == len(WHO)
    for person in PEOPLE["people"]:
        assert re.fullmatch(r"[a-z]+", person["username"])
        assert set(person["roles"]) <= ROLES and person["roles"]
        assert person["site"] in sites and person["tier"] in tiers and person["team"] in teams
        assert person["locale"] in {"zh_Hans", "zh_Hant", "en"}
    for team in teams.values():
        assert team["site"] in sites and WHO[team["supervisor"]]["team"] == team["slug"]


def test_every_role_is_filled_on_both_sites() -> None:
    count = Counter(role for p in PEOPLE["people"] for role in p["roles"])
    least = {"rep": 20, "business": 3, "qa": 3, "training": 3, "supervisor": 4, "manager": 2, "admin": 1}
    assert all(count[role] >= n for role, n in least.items()), count
    for site in PEOPLE["sites"]:
        roles = {role for p in PEOPLE["people"] if p["site"] == site["slug"] for role in p["roles"]}
        assert {"rep", "business", "qa", "training", "supervisor", "manager"} <= roles


def test_lists_are_unique_and_parents_come_first() -> None:
    codes = [s["code"] for s in LISTS["services"]]
    assert len(codes) == len(set(codes)) >= 25
    seen: set[str] = set()
    for category in LISTS["categories"]:
        assert category["slug"] not in seen
        assert category["parent"] is None or category["parent"] in seen
        seen.add(category["slug"])
    assert len(seen) >= 20


def test_titles_and_process_numbers_are_unique() -> None:
    assert len(BY_TITLE) == len(NEW)
    numbers = [a["fields"]["process_no"] for a in NEW if a["kind"] == "sop"]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("a", NEW, ids=lambda a: a["file"])
def test_article_is_complete(a: dict[str, Any]) -> None:
    kind, fields = a["kind"], a["fields"]
    assert all(fields.get(name) for name in NEEDED[kind])
    assert set(fields) <= ALLOWED[kind]
    assert all(username in WHO for username in authors(a)) and a["author"] not in a.get("coauthors", [])
    assert a["category"] in {c["slug"] for c in LISTS["categories"]}
    assert a["services"] and set(a["services"]) <= {s["code"] for s in LISTS["services"]}
    assert a["tags"] and all(isinstance(tag, str) for tag in a["tags"])
    if isinstance(a["audience"], dict):
        check_group(a["audience"]["restricted"])
        assert all(may_read(username, a) for username in authors(a))
    else:
        assert a["audience"] in {"public", "internal"}
    if "audience_ack" in fields:
        check_group(fields["audience_ack"])
    texts = [a["body"], *(v for v in fields.values() if isinstance(v, str))]
    assert len(a["body"]) >= 30 and sum(map(len, texts)) <= 2600
    if a["state"] == "published":
        assert sum(map(len, texts)) >= 230


@pytest.mark.parametrize("a", FILES, ids=lambda a: a["file"])
def test_state_and_versions(a: dict[str, Any]) -> None:
    if a["state"] == "in_review":
        assert a["stage"] in STAGES[kind_of(a)]
        free = {u for u, p in WHO.items() if a["stage"] in p["roles"]} - authors(a)
        assert len(free) >= 2, "somebody other than the authors must be able to decide"
    elif a["state"] in {"returned", "rejected"}:
        assert a["remark"] and a["by"] not in authors(a)
        assert set(WHO[a["by"]]["roles"]) & set(STAGES[kind_of(a)])
    else:
        assert a["state"] in {"published", "draft"}
    if "earlier" in a:
        assert a["reason"] and a["significance"] in {"typo", "minor", "major"}
        ages = [e["days_ago"] for e in a["earlier"]] + [a["days_ago"]]
        assert ages == sorted(ages, reverse=True) and len(set(ages)) == len(ages)
        for version in a["earlier"]:
            assert version["significance"] in {"typo", "minor", "major"} and version["reason"]
            assert set(version.get("fields", {})) <= ALLOWED[kind_of(a)]
            assert version.get("body", a["body"]) != a["body"] or version.get("fields")
            assert all(a["fields"].get(k) != v for k, v in version.get("fields", {}).items() if k != "process_no")


@pytest.mark.parametrize("a", FILES, ids=lambda a: a["file"])
def test_fields_have_their_types(a: dict[str, Any]) -> None:
    for name, value in a["fields"].items():
        if name in DATES | TIMES and value is not None:
            assert not isinstance(value, date) and TOKEN.fullmatch(value), (name, value)
            assert name in TIMES or " " not in value
        elif name == "branches":
            assert all(set(b) == {"when", "say", "next"} and all(b.values()) for b in value)
        elif name == "steps":
            ids = [step["id"] for step in value]
            goals = {link["id"] for step in value for link in step["next"]}
            assert len(ids) == len(set(ids)) and goals <= {*ids, "end"}
            assert set(ids[1:]) <= goals and any(not step["next"] for step in value)
            assert all(set(step) == {"id", "text", "role", "next"} and step["text"] for step in value)
            assert all(isinstance(link["label"], str) for step in value for link in step["next"])
        elif name == "audit_every_months":
            assert isinstance(value, int)
        elif name != "audience_ack":
            assert value is None or isinstance(value, str), name


def test_changes_touch_published_articles() -> None:
    assert CHANGES
    for change in CHANGES:
        old = PUBLISHED[change["changes"]]
        assert change["author"] in WHO and change["reason"] and change["significance"] in {"typo", "minor", "major"}
        assert set(change["fields"]) <= ALLOWED[old["kind"]]
        assert change["body"] != old["body"]
        assert all(old["fields"].get(key) != value for key, value in change["fields"].items())


def test_the_spread() -> None:
    kinds, states = Counter(a["kind"] for a in NEW), Counter(a["state"] for a in FILES)
    least = {"script": 14, "faq": 12, "sop": 7, "notice": 6, "product": 5, "best_practice": 6}
    assert all(kinds[kind] >= n for kind, n in least.items()), kinds
    assert states["published"] >= 34 and states["draft"] >= 3 and states["returned"] >= 2 and states["rejected"] >= 1
    waiting = Counter(a["stage"] for a in FILES if a["state"] == "in_review")
    assert all(waiting[stage] >= 2 for stage in STAGES["script"]), waiting
    assert sum("earlier" in a for a in NEW) >= 8
    assert sum(bool(a["fields"].get("branches")) for a in NEW) >= 3


def test_readings() -> None:
    kpi = data("kpi.yaml")
    assert kpi["months"] == ["@-6m", "@-5m", "@-4m", "@-3m", "@-2m", "@-1m", "@0m"]
    assert set(kpi["indicators"]) == INDICATORS
    rows = {"centre", *(f"team:{t['slug']}" for t in PEOPLE["teams"]), *(f"person:{u}" for u in WHO)}
    for code, indicator in kpi["indicators"].items():
        assert indicator["measure"] and set(indicator["rows"]) <= rows
        for row, cells in indicator["rows"].items():
            assert len(cells) == 7, (code, row)
            for cell in filter(None, cells):
                numerator, denominator = map(int, cell.split("/"))
                assert numerator >= 0 and denominator > 0
                if code not in {"receivable_days", "aht", "qa_score"}:
                    assert numerator <= denominator, (code, row, cell)


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course["title"])
def test_course(course: dict[str, Any]) -> None:
    lessons = [lesson["article"] for lesson in course["lessons"]]
    assert 4 <= len(lessons) <= 6 and len(set(lessons)) == len(lessons) and set(lessons) <= set(PUBLISHED)
    assert "training" in WHO[course["author"]]["roles"]
    assert course["team"] in {t["slug"] for t in PEOPLE["teams"]}
    assert 8 <= len(course["quiz"]) <= 10
    assert {q["kind"] for q in course["quiz"]} - {"order"} == {"single", "multiple", "true_false"}
    for q in course["quiz"]:
        assert q["article"] in lessons and q["text"] and q["explanation"]
        assert all(isinstance(option, str) for option in q["options"])
        assert len(set(q["options"])) == len(q["options"]) >= 2
        assert q["correct"] and set(q["correct"]) <= set(range(1, len(q["options"]) + 1))
        several = len(q["options"]) if q["kind"] == "order" else 1
        assert q["kind"] == "multiple" or len(q["correct"]) == several
        assert q["kind"] != "true_false" or len(q["options"]) == 2
    if "also" in course:
        assert course["also"]["team"] in {t["slug"] for t in PEOPLE["teams"]}
        assert course["also"]["tier"] in {t["slug"] for t in PEOPLE["tiers"]}
    assert course.get("renewed", {}).get("article", "") not in lessons
    assert course.get("renewed", {}).get("article") in {None, *PUBLISHED}
    tried = Counter(attempt["by"] for attempt in course["attempts"])
    assert max(tried.values()) <= course["attempts_allowed"]
    for act in [*course["attempts"], *course["progress"]]:
        assert WHO[act["by"]]["team"] == course["team"] and "rep" in WHO[act["by"]]["roles"]
    for attempt in course["attempts"]:
        assert attempt["days_ago"] <= course["assigned_days_ago"]
        assert set(attempt["wrong"]) <= set(range(1, len(course["quiz"]) + 1))
    assert all(p["lessons_read"] <= len(lessons) for p in course["progress"])


def test_activity_resolves() -> None:
    for title, votes in ACTIVITY["helpful"].items():
        a = PUBLISHED[title]
        for username, days in votes.items():
            assert may_read(username, a) and days < first_published(a), (title, username)
            assert username not in authors(a), f"own vote: {title}"
    for act in [*ACTIVITY["comments"], *ACTIVITY["flags"]]:
        a = PUBLISHED[act["article"]]
        assert may_read(act["by"], a) and act["text"] and act["days_ago"] < first_published(a)
    assert {flag["reason"] for flag in ACTIVITY["flags"]} <= {"outdated", "wrong", "unclear", "missing"}
    for title, readers in ACTIVITY["acknowledged"].items():
        rule = PUBLISHED[title]["fields"]["audience_ack"]
        assert len(set(readers)) == len(readers)
        for username in readers:
            person = WHO[username]
            assert person["team"] in rule.get("teams", []) or set(person["roles"]) & set(rule.get("roles", []))
    for act in ACTIVITY["send_backs"]:
        a = PUBLISHED[act["article"]]
        assert act["stage"] in STAGES[a["kind"]] and act["stage"] in WHO[act["by"]]["roles"]
        assert act["by"] not in authors(a) and act["remark"]


def test_uses_come_after_publication() -> None:
    for title, rows in ACTIVITY["uses"].items():
        a = PUBLISHED[title]
        for username, counts in rows.items():
            assert may_read(username, a) and len(counts) == 6
            for window, count in enumerate(counts):
                newest = 150 - 30 * window
                assert count >= 0 and (count == 0 or first_published(a) > newest), (title, username)


def test_remarks_are_many_and_varied() -> None:
    remarks = [r for role in ACTIVITY["remarks"].values() for texts in role.values() for r in texts]
    assert set(ACTIVITY["remarks"]) == {"business", "qa", "training", "supervisor"}
    assert len(remarks) == len(set(remarks)) >= 40


def test_titles_named_in_texts_exist() -> None:
    for path in (CONTENT / "articles").glob("*.md"):
        for title in re.findall(r"《(.+?)》", path.read_text(encoding="utf-8")):
            assert title in BY_TITLE, f"{path.name} names {title}"
