"""What every engine must do. An engine that is added is added to the fixture, and held to all of it."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from wiki.search.engines.base import Document, Engine, EngineUnavailable, Facet, Query, State
from wiki.search.engines.embedded import Embedded
from wiki.search.engines.remote import Meilisearch
from wiki.search.weights import LEAST, MOST

STAFF = frozenset({"internal", "public"})


def nothing(ids):
    return ()


def document(number, title, body="", **more):
    more.setdefault("audience", frozenset({"internal"}))
    return Document(id=str(number), external_id=f"x{number}", slug=f"s-{number}", title=title, body=body, **more)


@pytest.fixture(params=["embedded", "meilisearch"])
def finder(request, tmp_path) -> Engine:
    if request.param == "embedded":
        finder = Embedded(tmp_path / "index")
    else:
        finder = Meilisearch(request.getfixturevalue("meilisearch_url"), tmp_path / "rebuild")
    finder.clear()
    yield finder
    finder.close()


def found(finder, text, reader=STAFF, **more):
    return [hit.id for hit in finder.search(Query(text, frozenset(reader), **more)).hits]


ARTICLES = [
    document(1, "如何查询话费余额", "发送短信到10086，或者打开手机营业厅。", kind="faq", tags=("话费",)),
    document(2, "國際漫遊開通", "出國前請先開通國際漫遊，並安裝軟體 XD-200。", kind="sop", category=("a", "a/b")),
    document(3, "退订增值业务", "客户要求退订时的标准话术。", kind="script", services=("mobile",)),
    document(4, "Roaming charges abroad", "SIM cards and 5G plans", kind="faq", category=("a", "a/c")),
]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("话费", "1"),
        ("話費", "1"),
        ("huafei", "1"),
        ("hua fei", "1"),
        ("huaf", "1"),
        ("hf", "1"),
        ("花费", "1"),
        ("10086", "1"),
        ("国际漫游", "2"),
        ("國際漫遊", "2"),
        ("guojimanyou", "2"),
        ("gjmy", "2"),
        ("软件", "2"),
        ("软体", "2"),
        ("xd-200", "2"),
        ("ＸＤ－200", "2"),
        ("退订业务", "3"),
        ("退业务", "3"),
        ("td yw", "3"),
        ("tdzzyw", "3"),
        ("roaming", "4"),
        ("raoming", "4"),
        ("roam", "4"),
        ("sim card", "4"),
        ("5g", "4"),
    ],
)
def test_the_right_article_is_first_however_it_is_typed(finder, typed, first):
    finder.index(ARTICLES)
    assert found(finder, typed)[:1] == [first]


def test_what_means_nothing_here_finds_nothing(finder):
    finder.index(ARTICLES)
    page = finder.search(Query("qqxxzz 氕氘氚", STAFF))
    assert (page.hits, page.total) == ((), 0)


def test_a_hit_carries_what_a_result_shows(finder):
    finder.index(ARTICLES)
    (hit, *_) = finder.search(Query("营业厅", STAFF)).hits
    assert (hit.external_id, hit.slug, hit.title, hit.kind) == ("x1", "s-1", "如何查询话费余额", "faq")
    assert "<mark>营业厅</mark>" in hit.snippet


def test_what_a_document_carries_comes_back_with_it(finder):
    finder.index([document(1, "话费", carried='["<p>“话费”</p>", null]')])
    assert [hit.carried for hit in finder.search(Query("话费", STAFF)).hits] == ['["<p>“话费”</p>", null]']
    assert [hit.carried for hit in finder.search(Query("", STAFF)).hits] == ['["<p>“话费”</p>", null]']


def test_a_slip_of_the_fingers_in_chinese_finds_the_word(finder):
    finder.index([document(1, "收费术语"), document(2, "语言"), document(3, "首班末班船"), document(4, "常常")])
    assert found(finder, "术语")[:1] == found(finder, "语术")[:1] == ["1"]
    assert found(finder, "末班班船")[:1] == ["3"]
    assert found(finder, "常常") == ["4"], "a word with two equal characters stays one"


def test_indexing_again_replaces(finder):
    finder.index(ARTICLES)
    finder.index([document(1, "宽带报修")])
    assert found(finder, "话费") == []
    assert found(finder, "宽带") == ["1"]
    assert finder.stats().documents == 4


def test_deleting_twice_is_deleting_once(finder):
    finder.index(ARTICLES)
    finder.delete(["1", "never there"])
    finder.delete(["1"])
    assert found(finder, "话费") == []
    assert sorted(dict(finder.stamps())) == ["2", "3", "4"]


# who may read what: (tokens of the document, tokens of the reader, found)
AUDIENCES = [
    ({"public"}, {"public"}, True),
    ({"internal"}, {"public"}, False),
    ({"internal"}, {"public", "internal", "role:rep"}, True),
    ({"role:qa"}, {"public", "internal", "role:rep"}, False),
    ({"role:qa"}, {"public", "internal", "role:qa"}, True),
    ({"team:3", "user:7"}, {"internal", "team:4", "user:7"}, True),
    ({"team:3", "tier:2"}, {"internal", "team:4", "tier:1", "user:8"}, False),
    ({"team:3"}, {"team:33"}, False),
    (set(), {"public", "internal"}, False),
    ({"public"}, set(), False),
]


@pytest.mark.parametrize(("audience", "reader", "visible"), AUDIENCES)
def test_nobody_finds_counts_or_is_told_what_they_may_not_read(finder, audience, reader, visible):
    finder.index([document(9, "秘密话术", kind="script", tags=("秘密",), audience=frozenset(audience))])
    page = finder.search(Query("秘密", frozenset(reader), facets=tuple(Facet)))
    assert bool(page.hits) is visible
    assert page.total == int(visible)
    assert any(page.facets.values()) is visible
    assert bool(finder.suggest("mimi", frozenset(reader))) is visible
    assert finder.search(Query("", frozenset(reader))).total == int(visible)


def test_filters_narrow_and_a_category_holds_all_below_it(finder):
    finder.index(
        [
            document(i, "话费", kind=k, category=c)
            for i, (k, c) in enumerate([("faq", ("a", "a/b")), ("faq", ("a", "a/c")), ("script", ("d",))])
        ]
    )
    assert set(found(finder, "话费", filters={Facet.CATEGORY: ("a",)})) == {"0", "1"}
    assert set(found(finder, "话费", filters={Facet.CATEGORY: ("a/c", "d")})) == {"1", "2"}
    assert found(finder, "话费", filters={Facet.KIND: ("faq",), Facet.CATEGORY: ("a/b",)}) == ["0"]
    assert found(finder, "话费", filters={Facet.TAG: ("none",)}) == []


def test_what_somebody_types_into_an_address_is_a_value_and_nothing_else(finder):
    odd = ['say "hi"', "it's", "back\\slash", "A", "a", 'x" OR audience = "user:7', "~61"]
    finder.index([document(i, "话费", tags=(tag,)) for i, tag in enumerate(odd)])
    finder.index([document(99, "话费", tags=("secret",), audience=frozenset({"user:7"}))])
    for i, tag in enumerate(odd):
        assert found(finder, "话费", filters={Facet.TAG: (tag,)}) == [str(i)]
    assert found(finder, "话费", filters={Facet.TAG: ('none" OR audience = "user:7',)}) == []
    assert found(finder, "话费", reader={'none" OR audience = "user:7'}) == []
    page = finder.search(Query("话费", STAFF, facets=(Facet.TAG,)))
    assert dict(page.facets[Facet.TAG]) == dict.fromkeys(odd, 1)


def test_a_facets_own_filter_does_not_narrow_its_counts(finder):
    finder.index([document(i, "话费", kind="faq" if i % 3 else "script", tags=("t",)) for i in range(60)])
    page = finder.search(Query("话费", STAFF, filters={Facet.KIND: ("script",)}, facets=(Facet.KIND, Facet.TAG)))
    assert page.total == 20
    assert dict(page.facets[Facet.TAG]) == {"t": 20}
    assert dict(page.facets[Facet.KIND]) == {"faq": 40, "script": 20}


def test_the_stamp_comes_back(finder):
    finder.index([document(1, "话费", stamp="r1"), document(2, "宽带", stamp="r2")])
    finder.index([document(1, "话费", stamp="r3")])
    assert dict(finder.stamps()) == {"1": "r3", "2": "r2"}


@pytest.mark.parametrize("count", [3, 25])
def test_facets_count_what_is_found(finder, count):
    finder.index([document(i, "话费", kind="faq" if i % 3 else "script") for i in range(count)])
    page = finder.search(Query("话费", STAFF, facets=(Facet.KIND,)))
    assert dict(page.facets[Facet.KIND]) == {"faq": count - (count + 2) // 3, "script": (count + 2) // 3}


def test_pages_follow_each_other_without_gap_or_repetition(finder):
    finder.index([document(i, "话费", f"第{i}条") for i in range(95)])
    seen = [id_ for offset in range(0, 100, 10) for id_ in found(finder, "话费", offset=offset, limit=10)]
    assert len(seen) == len(set(seen)) == finder.search(Query("话费", STAFF)).total == 95


def test_equals_stand_newest_first_then_by_id(finder):
    days = {"3": 1, "1": 5, "2": 5}
    finder.index([document(i, "话费", published_at=datetime(2026, 11, d, tzinfo=UTC)) for i, d in days.items()])
    assert found(finder, "话费") == ["1", "2", "3"]


def test_suggestions_are_titles_each_once(finder):
    finder.index([*ARTICLES, document(5, "如何查询话费余额")])
    assert [hit.title for hit in finder.suggest("hua", STAFF)] == ["如何查询话费余额"]
    assert finder.suggest("营业厅", STAFF) == []


def test_a_rebuild_holds_exactly_what_it_is_given(finder):
    finder.index(ARTICLES)
    only = document(7, "宽带报修")
    finder.rebuild([only], lambda ids: [only] if "7" in ids else [])
    assert list(dict(finder.stamps())) == ["7"]


def test_what_is_written_during_a_rebuild_is_not_lost(finder):
    finder.index(ARTICLES)
    asked = []

    def documents():
        yield ARTICLES[0]
        finder.index([document(8, "新资费")])
        finder.delete(["1"])

    def again(ids):
        asked.extend(ids)
        return [document(8, "新资费")]

    finder.rebuild(documents(), again)
    assert {"1", "8"} <= set(asked)
    assert list(dict(finder.stamps())) == ["8"]


def test_the_old_index_answers_when_a_rebuild_fails(finder):
    finder.index(ARTICLES)

    def documents():
        yield document(8, "新资费")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        finder.rebuild(documents(), nothing)
    assert found(finder, "话费") == ["1"]
    assert finder.stats().state is State.READY


def test_half_a_batch_is_nothing(finder):
    finder.index(ARTICLES)
    broken = document(1, "宽带报修")
    with pytest.raises((TypeError, AttributeError, EngineUnavailable)):
        finder.index([broken, None])
    assert found(finder, "话费") == ["1"]


def test_why_a_result_stands_where_it_stands_is_told_on_request(finder):
    finder.index(ARTICLES)
    (hit,) = finder.search(Query("话费", STAFF, explain=True)).hits
    assert hit.why is not None
    assert hit.why["coverage"] == 1.0
    assert finder.search(Query("话费", STAFF)).hits[0].why is None


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def dated(number, days, due=None, **more):
    """A document that was changed so many days ago, and is to be looked at again in ``due`` days."""
    at = {"published_at": NOW - timedelta(days=days), "due_at": None if due is None else NOW + timedelta(days=due)}
    return document(number, "话费", **at, **more)


@pytest.mark.parametrize("copies", [1, 5])
def test_freshness_narrows_and_is_counted(finder, copies):
    with clock.fixed(NOW):
        ages = [(1, None), (8, 5), (40, -1), (200, -30)]
        finder.index([dated(f"{i}{n}", d, due) for i, (d, due) in enumerate(ages) for n in range(copies)])
        page = finder.search(Query("话费", STAFF, facets=(Facet.FRESH,)))
        counts = {"7d": 1, "30d": 2, "90d": 3, "look": 2}
        assert dict(page.facets[Facet.FRESH]) == {value: copies * n for value, n in counts.items()}
        for value, n in counts.items():
            assert finder.search(Query("话费", STAFF, filters={Facet.FRESH: (value,)})).total == copies * n
            assert finder.search(Query("", STAFF, filters={Facet.FRESH: (value,)})).total == copies * n
        both = {Facet.FRESH: ("look",), Facet.KIND: ("faq",)}
        assert finder.search(Query("话费", STAFF, filters=both)).total == 0
        assert finder.search(Query("话费", STAFF, filters={Facet.FRESH: ("] OR 1", "")})).total == 0


def test_who_may_read_it_is_a_value_like_others(finder):
    closed = document(9, "话费", readership="restricted", audience=frozenset({"role:qa"}))
    finder.index([*(document(i, "话费", readership=r) for i, r in enumerate(["public", "internal"])), closed])
    counts = dict(finder.search(Query("话费", STAFF, facets=(Facet.READERSHIP,))).facets[Facet.READERSHIP])
    assert counts == {"public": 1, "internal": 1}
    assert found(finder, "话费", STAFF | {"role:qa"}, filters={Facet.READERSHIP: ("restricted",)}) == ["9"]
    assert found(finder, "话费", filters={Facet.READERSHIP: ("restricted",)}) == []


@pytest.mark.parametrize("count", [3, 30])
def test_what_stands_first_stands_first_and_is_counted_once(finder, count):
    finder.index([document(i, "话费", kind="faq") for i in range(count)])
    more = [("a", "宽带报修"), ("b", "话费"), ("c", "国际漫游")]
    finder.index([document(i, t, kind="script") for i, t in more])
    finder.index([document("z", "话费", audience=frozenset({"role:qa"}))])
    query = Query("话费", STAFF, first=("c", "z", "b", "gone"), facets=(Facet.KIND,))
    page = finder.search(query)
    assert [hit.id for hit in page.hits][:2] == ["c", "b"]
    assert page.total == count + 2
    assert dict(page.facets[Facet.KIND]) == {"faq": count, "script": 2}
    seen = [i for n in range(0, count + 12, 10) for i in found(finder, "话费", first=query.first, offset=n, limit=10)]
    assert len(seen) == len(set(seen)) == count + 2
    assert found(finder, "话费", first=("c",), filters={Facet.KIND: ("faq",)}, limit=50).count("c") == 0


def test_what_counts_beside_words_orders_those_who_meet_as_many(finder):
    finder.index([document(i, "话费", published_at=NOW) for i in ("1", "2", "3")])
    asked = []

    def weigh(ids):
        asked.append(sorted(ids))
        return {"2": 1.1, "1": 0.9}

    page = finder.search(Query("话费", STAFF, weigh=weigh, explain=True))
    assert [hit.id for hit in page.hits] == ["2", "3", "1"]
    assert [hit.why["weight"] for hit in page.hits] == [1.1, 1.0, 0.9]
    assert asked == [["1", "2", "3"]]


def test_the_first_page_is_the_beginning_of_all_however_few_of_it_were_weighed(finder):
    drawn = random.Random(7)
    words = ["话费", "账单", "查询", "退订", "宽带", "报修"]
    finder.index([document(i, "".join(drawn.sample(words, 4)), published_at=NOW) for i in range(70)])
    weights = {str(i): drawn.uniform(LEAST, MOST) for i in range(70)}
    weighed = {10: 0, 60: 0}

    def ids(text, limit):
        def weigh(some):
            weighed[limit] += len(some)
            return {each: weights[each] for each in some}

        return found(finder, text, weigh=weigh, limit=limit)

    for text in ("话费", "话费账单", "宽带报修查询", "hf", "tuiding"):
        assert ids(text, 10) == ids(text, 60)[:10]
    assert weighed[10] < weighed[60] or isinstance(finder, Meilisearch)
