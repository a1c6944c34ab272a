"""No query storms: the number of queries does not depend on the number of rows."""

import pytest

from accounts.people import actor_of
from tests.clients import Browser, fewest
from tests.make import Make

ROLES = ("business", "qa", "training", "supervisor")


def queries(query_count, browser: Browser, path: str) -> int:
    return fewest(query_count, lambda: browser.text(path))


@pytest.mark.parametrize(
    ("path", "most"),
    [("/reviews", 12), ("/submissions/mine", 14), ("/", 45)],
)
def test_lists_take_as_many_queries_for_many_rows(make: Make, signed_in, query_count, path: str, most: int):
    user = make.user("rep", "business", team="billing")
    author, other = actor_of(user), make.actor("rep", team="repair")

    def some() -> None:
        for n in range(4):
            make.submission(other, "script")
            mine = make.submission(author, "script")
            make.approved(mine, until=ROLES[n % 4])
            make.submission(make.actor("rep", team=f"team{make.number()}"), "faq")

    some()
    browser = signed_in(user)
    few = queries(query_count, browser, path)
    some()
    many = queries(query_count, browser, path)
    assert many == few, f"{path}: {few} queries for few rows, {many} for twice as many"
    assert few <= most


def test_an_article_takes_as_many_queries_at_any_age(make: Make, signed_in, query_count):
    article = make.article(kind="script", title="老文章")
    browser = signed_in(make.user("rep"))
    pages = [f"/articles/{article.slug}", f"/articles/{article.slug}/history", f"/articles/{article.slug}/diff"]
    before = [queries(query_count, browser, page) for page in pages]
    for n in range(3):
        make.article(kind="script", article=article.slug, title=f"老文章 {n}")
    after = [queries(query_count, browser, page) for page in pages]
    assert after[:2] == before[:2]
    assert before[0] <= 18, before


@pytest.mark.parametrize("path", ["/submissions?mine=1", "/submissions", "/articles", "/reviews"])
def test_lists_of_the_api_take_as_many_queries_for_many_rows(make: Make, api, query_count, path: str):
    user = make.user("rep", "business", "qa")
    script = api(user)

    def measured() -> int:
        return fewest(query_count, lambda: script.ok("GET", path))

    def some() -> None:
        for _ in range(3):
            make.submission(make.actor("rep"), "script")
            make.article(make.actor("rep"), services=[])
            make.submission(actor_of(user), "script")

    some()
    few = measured()
    some()
    assert measured() == few
