"""Who wrote what: carried through moves and small edits, and nobody gains by going back."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.db import writing
from tests.make import Make
from wiki.articles import ops
from wiki.articles.blame import counted, fractions, passages_of, traced
from wiki.articles.models import Article
from wiki.articles.origins import origins_of, shares
from wiki.articles.restoring import restore

ONE = """第一条 坐席应先安抚客户情绪，再逐项核对账单。

第二条 超过权限的退费须由督导批准。

- 甲：核对客户的身份证
- 乙：打开客户的账单页
"""
MOVED = """第二条 超过权限的退费须由督导书面批准。

第一条 坐席应先安抚客户情绪,再逐项核对账单。

- 乙：打开客户的账单页
- 甲：核对客户的身份证
- 丙：告知时限
"""


def words(*texts: str) -> dict[int, str]:
    """What each step still has in the last text."""
    found: dict[int, str] = {}
    for passage in passages_of(texts[-1], traced(texts)):
        for run in passage.runs:
            found[run.step] = found.get(run.step, "") + run.text.replace("\n", "").replace("- ", "")
    return found


def test_moves_and_forms_keep_their_author() -> None:
    assert words(ONE, MOVED)[1] == "书面丙：告知时限"


def test_who_brings_back_what_was_there_has_not_written_it() -> None:
    without = MOVED.replace("第一条 坐席应先安抚客户情绪,再逐项核对账单。\n\n", "")
    assert 2 not in words(ONE, without, MOVED)
    assert words(ONE, MOVED, ONE) == words(ONE)


@given(
    st.lists(
        st.sampled_from([ONE, MOVED, "", "新的一段话。", ONE + "\n补充一句。", "丙：告知时限"]), min_size=1, max_size=6
    )
)
def test_every_character_has_one_author(texts: list[str]) -> None:
    owners = traced(texts)
    assert len(owners) == len(texts[-1])
    assert set(owners) <= set(range(len(texts)))
    found = passages_of(texts[-1], owners)
    assert "".join(run.text for passage in found for run in passage.runs) == texts[-1]
    weights = counted([run for passage in found for run in passage.runs])
    assert sum(fractions(weights).values()) == (1 if weights else 0)


@pytest.mark.both_databases
def test_shares_of_people(app, make: Make):
    with writing():
        one, two = make.actor("rep"), make.actor("rep")
        first = make.article(one, body="甲" * 30, fields={"question": "问" * 20, "answer": "答" * 10})
        slug = first.slug
        make.article(
            two, article=slug, body="甲" * 30 + "\n\n" + "乙" * 40, fields={"question": "问" * 20, "answer": "答" * 10}
        )
        article = ops.readable_article(one, slug)
        assert shares(article) == {one.id: Fraction(60, 100), two.id: Fraction(40, 100)}
        assert [source.version for source in origins_of(article).sources] == ["1.0", "2.0"]


@pytest.mark.both_databases
def test_going_back_gives_the_old_shares(app, make: Make):
    with writing():
        one, two, third = (make.actor("rep") for _ in range(3))
        slug = make.article(one, body="坐席应先安抚客户情绪，再逐项核对账单。" * 2).slug
        make.article(two, article=slug, body="完全不同的另一篇文字，说的是别的事情。" * 3)
        draft = restore(third, ops.readable_article(third, slug), "1.0")
        ops.submit(draft, third)
        make.approved(draft)
        article = ops.readable_article(one, slug)
        assert article.version == "3.0"
        assert shares(article)[one.id] > Fraction(4, 5)
        assert third.id not in shares(article)


def test_co_authors_are_told_apart(db, make: Make):
    author, reviewer = make.actor("rep"), make.actor("business")
    make.pipeline("business", "qa")
    draft = make.submission(author, body="客户来电先安抚。" * 4)
    content = make.content(title="知识", body="客户来电先安抚。" * 4 + "\n\n" + "审核人补充的一整段说明文字。")
    ops.save(draft, reviewer, content)
    make.approved(draft)
    article = db.get_one(Article, draft.article_id)
    assert set(shares(article)) == {author.id, reviewer.id}
    assert sum(shares(article).values()) == 1
    assert max(shares(article), key=shares(article).__getitem__) == author.id
