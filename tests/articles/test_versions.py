"""Version numbers, and what can never be changed again."""

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core.audit import TrailEntry
from core.db import writing
from tests.make import Make
from wiki.articles import ops
from wiki.articles.models import Article, Publication, Revision, Significance
from wiki.articles.queries import history, publication
from wiki.articles.rules import clean_tags, digest, next_version, slugify
from workflows.models import Decision


@pytest.mark.parametrize(
    ("before", "significance", "after"),
    [
        ((0, 0), "typo", (1, 0)),  # the first is 1.0 whatever its author says of it
        ((0, 0), "major", (1, 0)),
        ((1, 0), "minor", (1, 1)),
        ((1, 0), "typo", (1, 1)),
        ((1, 9), "minor", (1, 10)),  # ten follows nine
        ((1, 10), "major", (2, 0)),
    ],
)
def test_the_next_number(before: tuple[int, int], significance: str, after: tuple[int, int]) -> None:
    assert next_version(*before, Significance(significance)) == after


@given(st.lists(st.sampled_from(Significance), min_size=1, max_size=40))
def test_numbers_only_grow(steps: list[Significance]) -> None:
    here, seen = (0, 0), []
    for step in steps:
        here = next_version(*here, step)
        seen.append(here)
    assert seen == sorted(set(seen))


def test_numbers_are_given_at_publication(db, make: Make):
    author = make.actor("rep")
    article = make.article(author, title="版本")
    assert article.version == "1.0"
    draft = make.submission(author, article=article.slug, significance="minor", submitted=False, title="版本 二")
    assert article.version == "1.0"
    ops.submit(draft, author)
    make.approved(draft)
    assert article.version == "1.1"
    make.article(author, article=article.slug, title="版本 三")
    assert article.version == "2.0"
    assert [row.version for row in db.scalars(history(article.id))] == ["2.0", "1.1", "1.0"]
    assert publication(article.id, "1.1").revision.title == "版本 二"
    for nonsense in ("1", "1.7", "x.y", "1.1.1", "", "٣.١", "9" * 30 + ".0"):
        assert publication(article.id, nonsense) is None


def test_ten_follows_nine_in_the_history(db, make: Make):
    author = make.actor("rep")
    make.pipeline("business")
    article = make.article(author)
    for _ in range(10):
        make.article(author, article=article.slug, significance="minor")
    assert [row.version for row in db.scalars(history(article.id))][:3] == ["1.10", "1.9", "1.8"]


def test_one_title_two_addresses(db, make: Make):
    slugs = [make.article(title="同名").slug for _ in range(3)]
    assert slugs == ["同名", "同名-2", "同名-3"]


@given(st.text(max_size=200))
def test_an_address_is_always_usable(title: str) -> None:
    slug = slugify(title)
    assert 0 < len(slug) <= 60
    assert not set(slug) & set("/\\?#%. \x00\n")
    assert slugify(slug) == slug


@given(st.lists(st.text(max_size=80), max_size=40))
def test_tags_are_clean(tags: list[str]) -> None:
    found = clean_tags(tags)
    assert len(found) == len(set(found)) <= 20
    assert all(0 < len(tag) <= 60 for tag in found)
    assert clean_tags(found) == found


def test_a_digest_proves_the_words() -> None:
    one = digest("t", "b", {"a": "1", "b": "2"})
    assert one == digest("t", "b", {"b": "2", "a": "1"})
    assert len({one, digest("t", "b ", {"a": "1", "b": "2"}), digest("t", "b", {"a": "12"})}) == 3


ROWS = [
    (Revision, "body", "'changed'"),
    (Revision, "title", "'changed'"),
    (Publication, "major", "9"),
    (Decision, "note", "'changed'"),
    (Decision, "verb", "'reject'"),
    (TrailEntry, "actor_name", "'somebody else'"),
]


@pytest.mark.both_databases
@pytest.mark.parametrize(("kind", "column", "value"), ROWS)
def test_the_past_can_not_be_changed(app, make: Make, kind, column: str, value: str):
    make.article()
    table = kind.__tablename__
    for statement in (f"UPDATE {table} SET {column} = {value}", f"DELETE FROM {table}"):
        with pytest.raises(sa.exc.DBAPIError, match=f"{table} only grows"), writing() as s:
            s.execute(sa.text(statement))
    with pytest.raises(sa.exc.DBAPIError, match=f"{table} only grows"):
        _change(kind, column)


def _change(kind, column: str) -> None:
    with writing() as s:
        row = s.scalars(sa.select(kind)).first()
        setattr(row, column, 9 if column == "major" else "reject" if column == "verb" else "changed")


def test_a_publication_names_a_text_that_exists(db, make: Make):
    article = make.article()
    row = db.scalars(sa.select(Publication)).one()
    assert row.revision_id == article.revision_id
    assert row.revision.digest == digest(row.revision.title, row.revision.body, row.revision.fields)


def test_an_article_is_live_only_with_a_text(db, make: Make):
    make.article()
    with pytest.raises(sa.exc.IntegrityError), db.begin_nested():
        db.execute(sa.update(Article).values(revision_id=None))
