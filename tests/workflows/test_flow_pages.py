"""Flow, what if and calibration over HTTP."""

import re

import pytest

from core.db import reading, writing
from tests.clients import fewest
from tests.make import Make
from tests.workflows.flow_story import give, span, watched
from workflows import experts
from workflows.calibration import records


@pytest.fixture
def busy(app, make: Make, clock) -> None:
    """A month with verdicts enough, one of them overturned; all committed."""
    make.pipeline("business", "qa")
    people = [make.actor("business", name="Frau Amsel"), make.actor("qa", name="Herr Specht")]
    author = make.actor("rep")
    for number in range(12):
        made = make.submission(author, title=f"Titel {number}")
        clock.advance(hours=3)
        make.decide(made, people[0])
        clock.advance(hours=2)
        if number == 5:
            make.decide(made, people[1], "send_back", reason="wrong")
        elif number < 11:
            make.decide(made, people[1])
    make.submission(author, title="Geheim", audience="restricted", readers=["role:admin"])
    clock.advance(hours=1)


def links(page: str, part: str) -> list[str]:
    return [url.replace("&amp;", "&") for url in re.findall(r'href="([^"]+)"', page) if part in url]


def test_every_link_of_the_page_opens_as_many_items(busy, make: Make, signed_in):
    browser = signed_in(make.user("manager"))
    page = browser.text("/reviews/flow")
    shown = re.findall(r'<a href="(/reviews/flow/items[^"]+)">(\d+)<span', page)
    assert len(shown) > 15
    for url, number in shown:
        assert f"{number} in all" in browser.text(url.replace("&amp;", "&")), url
    assert "Quality reviewer" in page
    assert "Bottleneck" in page


def test_a_title_that_is_not_for_a_supervisor_is_counted_and_not_shown(busy, make: Make, signed_in):
    listed = "/reviews/flow/items?what=open&stage=business"
    assert "Geheim" in signed_in(make.user("manager")).text(listed)
    seen = signed_in(make.user("supervisor")).text(listed)
    assert "Geheim" not in seen
    assert "Its title is not for everybody" in seen
    assert "1 in all" in seen


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?window=30", 200), ("?window=quarter&kind=faq", 200), ("?window=last_quarter", 200), ("?kind=nonsense", 200),
        ("?from=2026-11-01&to=2026-11-30", 200), ("?from=2026-11-30&to=2026-11-01", 422), ("?window=17", 422),
        ("?from=yesterday", 422), ("?from=0001-01-01&to=0001-01-02", 422), ("?window=days&from=2020-01-01", 422),
        ("?window=days&from=2030-01-01&to=2030-01-31", 422),
    ],
)  # fmt: skip
def test_windows(busy, make: Make, signed_in, query: str, status: int):
    browser = signed_in(make.user("supervisor"))
    for page in ("/reviews/flow", "/reviews/flow/what-if", "/reviews/calibration", "/reviews/flow/export"):
        assert browser.get(page + query).status_code == status, page


def test_an_empty_house_says_so(app, make: Make, clock, signed_in):
    browser = signed_in(make.user("manager"))
    assert "Nothing was under review in these days" in browser.text("/reviews/flow")
    assert "Fewer than 20 decided items in these days (0)" in browser.text("/reviews/flow/what-if")
    assert "No pairs in these days" in browser.text("/reviews/calibration")


def test_tables_to_take_away(busy, make: Make, signed_in):
    browser = signed_in(make.user("supervisor"))
    csv = browser.get("/reviews/flow/export?table=stages&form=csv")
    assert csv.content_type == "text/csv; charset=utf-8"
    assert "Quality reviewer,11," in csv.get_data(as_text=True)
    book = browser.get("/reviews/flow/export?form=xlsx")
    assert book.data.startswith(b"PK")
    assert "attachment" in book.headers["Content-Disposition"]
    assert browser.get("/reviews/flow/export?form=exe").status_code == 404
    assert browser.get("/reviews/flow/export?form=csv&table=x").status_code == 404
    assert browser.get("/reviews/flow/items?what=x").status_code == 404
    assert "Overturned" in browser.text("/reviews/calibration/export?form=csv&table=overturned")
    assert browser.get("/reviews/calibration/export?form=xlsx").data.startswith(b"PK")


def test_what_if_over_http(busy, make: Make, signed_in):
    browser = signed_in(make.user("supervisor"))
    plain = browser.text("/reviews/flow/what-if")
    assert "Nothing is changed yet" in plain
    assert "Difference" not in plain
    tried = browser.text("/reviews/flow/what-if?people-qa=1&hours-business=1&beside-qa=1&arrivals=120")
    assert "sooner than today" in tried
    assert "Difference" in tried
    endless = browser.text("/reviews/flow/what-if?arrivals=1000")
    assert "The queue would grow without end" in endless
    for wrong in ("people-qa=x", "people-qa=10", "hours-qa=0", "arrivals=5", "arrivals=1e3"):
        assert browser.get(f"/reviews/flow/what-if?{wrong}").status_code == 422


def test_overturned_is_named_to_managers_and_told_to_oneself(busy, make: Make, signed_in, app):
    with reading():
        (approver,) = [one for one in records(span()) if one.overturned]
    manager, other = signed_in(make.user("manager")), signed_in(make.user("qa"))
    own = signed_in(approver.username)
    assert approver.name in manager.text("/reviews/calibration")
    assert approver.name not in other.text("/reviews/calibration")
    assert "Your approvals that did not last" in own.text("/reviews/calibration")
    assert "Titel 5" in own.text("/reviews/calibration/overturned")
    assert "Titel 5" in manager.text(f"/reviews/calibration/overturned?user={approver.username}")
    other.text(f"/reviews/calibration/overturned?user={approver.username}", 404)
    other.text("/reviews/calibration/overturned")


def test_names_of_a_pair_are_for_managers(app, make: Make, clock, signed_in):
    make.pipeline(definition=watched())
    one, two = make.actor("business", name="Erste"), make.actor("business", name="Zweite")
    made = make.submission(title="Verglichen")
    with writing():
        give(make, made, two, "approve", blind=True, right=True)
        give(make, made, one, "approve", blind=False, right=True)
    clock.advance(hours=1)
    manager, supervisor = signed_in(make.user("manager")), signed_in(make.user("supervisor"))
    seen = manager.text("/reviews/calibration")
    for url in links(seen, "/calibration/pairs"):
        page = manager.text(url)
        assert "Erste" in page
        assert "Zweite" in page
        assert "1 in all" in page
    assert len(links(seen, "/calibration/pairs")) == 4
    page = supervisor.text("/reviews/calibration/pairs")
    assert "Verglichen" in page
    assert "Erste" not in page
    signed_in(one.username).text("/reviews/calibration/pairs", 403)


def test_the_call(busy, make: Make, api):
    script = api(make.user("supervisor"))
    found = script.ok("GET", "/flow?from=2026-11-01&to=2026-11-30")
    assert found["outcome"]["closed"] == 10
    assert found["outcome"]["first_pass_yield"] == 1
    assert [stage["stage"] for stage in found["stages"]] == ["business", "qa"]
    assert found["stages"][0]["lead"] == {"count": 12, "median": 3, "p85": 3}
    assert found["bottleneck"]["stage"] in {"business", "qa"}
    assert script.get("/flow?kind=nonsense").status_code == 422
    assert script.get("/flow?from=x").status_code == 422
    assert api(make.user("rep")).get("/flow").status_code == 403


def test_a_page_takes_few_statements(busy, make: Make, signed_in, query_count):
    browser = signed_in(make.user("manager"))
    assert fewest(query_count, lambda: browser.text("/reviews/flow")) <= 8


def test_a_longer_list_takes_no_more_statements(busy, make: Make, signed_in, query_count):
    """Items behind a figure, and what the dry run of a pipeline offers: nothing is asked once for each row."""
    watcher, author = signed_in(make.user("manager")), make.actor("rep")
    paths = [f"/reviews/flow/items?what={what}" for what in ("open", "begun", "at")] + ["/admin/pipelines/faq"]
    few = [fewest(query_count, lambda path=path: watcher.text(path)) for path in paths]
    for number in range(8):
        make.submission(author, title=f"Noch ein Titel {number}")
    assert [fewest(query_count, lambda path=path: watcher.text(path)) for path in paths] == few


def test_questions_to_me_take_no_more_statements(app, make: Make, signed_in, query_count):
    make.pipeline("business", "qa")
    judge, author, asked = make.actor("business"), make.actor("rep"), make.user("qa")
    reader = signed_in(asked)

    def ask() -> None:
        with writing():
            task = make.task(make.submission(author))
            experts.ask_colleague(task.id, judge, username=asked.username, question="Is it so?")

    ask()
    few = fewest(query_count, lambda: reader.text("/reviews/questions"))
    for _each in range(5):
        ask()
    assert fewest(query_count, lambda: reader.text("/reviews/questions")) == few
