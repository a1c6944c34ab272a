"""The words that the manager keeps: read, refused, in force at once, and on both engines."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core import caches, outbox
from core.audit import TrailEntry
from core.db import reading, session, writing
from core.errors import DomainError, Forbidden, Invalid
from tests.clients import Script
from tests.make import Make
from tests.search.test_finding import published
from wiki.search import words
from wiki.search.analysis.queries import MAX_CHARS, Unknown, analyse
from wiki.search.analysis.regions import GROUPS
from wiki.search.analysis.scripts import normalise
from wiki.search.analysis.synonyms import MAX_OTHERS, Synonyms, squeezed
from wiki.search.word_rules import Sort, State, compiled, parse

OURS = Synonyms(
    [["退费", "退款", "退钱"], ["副号", "副卡"], ["SIM卡", "手机卡", "sim card"]], [(["hf套餐"], ["话费套餐"])]
)


def others(question: str, synonyms: Synonyms = OURS) -> set[str]:
    return {other for one in synonyms.find(normalise(question)) for other in one.others}


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("退钱多久到账", {"退费", "退款"}),
        ("退錢多久到帳", {"退费", "退款"}),  # in any script
        ("HF 套餐怎么办", {"话费套餐"}),
        ("h f套餐", {"话费套餐"}),
        ("话费套餐", set()),  # one way
        ("办副号吗", {"副卡"}),  # a word that no dictionary knows
        ("sim-card lost", {"sim卡", "手机卡"}),
        ("tuiqian", {"退费", "退款"}),  # as it sounds
        ("退 钱", set()),
        ("simcards", set()),
        ("shf套餐", set()),
    ],
)
def test_a_term_is_understood_where_it_stands_as_words(question: str, expected: set[str]) -> None:
    assert others(question) == expected


def test_a_term_inside_another_word_is_not_that_term() -> None:
    assert others("电话费多少", Synonyms([["话费", "账单"]])) == set()


def test_the_typed_word_counts_more_than_another() -> None:
    asked = analyse("退钱", Unknown(), OURS)
    by_text = {text: way.quality for need in asked.needs for way in need.ways for text in way.texts}
    assert by_text["退钱"] == 1.0
    assert 0.75 < by_text["退款"] < 1.0


def test_what_only_frames_a_question_is_left_out_unless_nothing_else_was_asked() -> None:
    assert [need.typed for need in analyse("请问退款吗", Unknown()).needs] == ["退款"]
    assert [need.typed for need in analyse("你好", Unknown()).needs] == ["你好"]


@pytest.mark.parametrize(
    ("line", "said", "meant"),
    [
        ("退费 = 退款＝退钱", ("退费", "退款", "退钱"), ()),
        ("hf套餐 → 话费套餐", ("hf套餐",), ("话费套餐",)),
        ("CB, 停保=>停机保号", None, None),  # a comma parts nothing: it may stand in a word
        ("退费 = 退費", None, None),  # the same word
        ("退费", None, None),
        ("退费 → 退費", None, None),
        ("a → b → c", None, None),
        ("→ 退款", None, None),
        ("费 = 退款", None, None),
        ("请问 = 退款", None, None),
        ("12 = 十二号", None, None),
        ("\u202e退费 = 退款", None, None),
        ("！！ = 退款", None, None),
        ("甲乙" * 20 + " = 退款", None, None),
        (" = ".join(f"词语{n}" for n in range(13)), None, None),
        ("= " * 5000, None, None),
    ],
)
def test_a_line_is_a_rule_or_is_refused_with_a_sentence(line: str, said: Any, meant: Any) -> None:
    if said is None and not line.startswith("CB"):
        with pytest.raises(Invalid) as refused:
            parse(line)
        assert len(next(iter(refused.value.errors.values()))) > 10
    elif said is not None:
        rule = parse(line)
        assert (rule.said, rule.meant) == (said, meant)
        assert parse(rule.line) == rule
    else:
        assert parse(line).sort is Sort.JARGON


CHARS = st.text(st.sampled_from("退费款钱套餐话hfsim 5g-=→、\u0000😀ａＢ繁體"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(st.lists(CHARS, max_size=6), CHARS)
def test_no_rule_and_no_question_breaks_the_other(lines: list[str], question: str) -> None:
    """What comes in is bounded and normalised; a question always has its own words first."""
    rules = []
    for line in lines:
        try:
            rules.append(parse(line))
        except Invalid:
            continue
    synonyms = compiled(rules)
    plain, asked = analyse(question, Unknown()), analyse(question, Unknown(), synonyms)
    assert bool(plain.needs) == bool(asked.needs)
    for found in synonyms.find(normalise(question[:MAX_CHARS])):
        assert len(found.others) <= MAX_OTHERS
        assert found.term not in found.others
        assert found.heard or squeezed(found.typed) == found.term


def test_every_regional_word_stands_once_and_leads_to_its_group() -> None:
    found: dict[str, int] = {}
    for number, group in enumerate(GROUPS):
        assert len({squeezed(word) for word in group}) > 1 or len(group) > 1
        for word in group:
            assert found.setdefault(squeezed(word), number) == number, word
    both = Synonyms(GROUPS)
    assert "营业厅" in others("附近的門市", both)
    assert "门市" in others("营业厅几点开门", both)


# ── kept, and in force ───────────────────────────────────────────────────────────────────────────────────────────────


def first(script: Script, question: str) -> str | None:
    return next((item["title"] for item in script.ok("GET", f"/search?q={question}")["items"]), None)


@pytest.mark.both_databases
def test_a_rule_holds_at_once_and_leaves_a_trail(make: Make, api: Callable[..., Script]) -> None:
    published(make, "退款时限说明", "七个工作日内原路退回。")
    for title in ("宽带移机怎么办理", "漫游怎么开通", "补卡要带什么"):
        published(make, title)
    manager, rep = make.user("manager"), make.user("rep")
    keeper, reader = api(manager), api(rep)
    assert first(reader, "返钱") is None
    made = keeper.ok("POST", "/search/words", {"rule": "返钱 = 退款", "note": "客户的话"})
    assert first(reader, "返钱") == "退款时限说明"
    assert first(reader, "返錢多久") == "退款时限说明"
    assert [item["title"] for item in reader.ok("GET", "/suggest?q=返钱")["items"]] == ["退款时限说明"]
    keeper.ok("POST", f"/search/words/{made['id']}", {"state": "off"})
    assert first(reader, "返钱") is None
    keeper.ok("POST", f"/search/words/{made['id']}", {"state": "on", "rule": "返钱 → 退款"})
    assert first(reader, "返钱") == "退款时限说明"
    assert [item["rule"] for item in keeper.ok("GET", "/search/words")["items"]] == ["返钱 → 退款"]
    with reading():
        trail = session.scalars(sa.select(TrailEntry).where(TrailEntry.subject_kind == "search_word"))
        assert [entry.verb for entry in trail] == ["add_word", "switch_word", "change_word", "switch_word"]


def test_another_process_notices_within_a_second(make: Make, app: Any) -> None:
    """What another process wrote changes the sum of the versions, which this one looks at once a second."""
    with writing():
        words.add(make.actor("manager"), "返钱 = 退款")
    with reading():
        assert words.current().others("返钱") == ("退款",)
    with writing():  # as another process does it: past the module that keeps the cache
        session.execute(sa.text("UPDATE search_words SET state = 'off', version = version + 1"))
    caches.forget_everything()
    with reading():
        assert words.current().others("返钱") == ()


@pytest.mark.both_databases
def test_what_is_refused_changes_nothing(make: Make, api: Callable[..., Script]) -> None:
    keeper = api(make.user("manager"))
    keeper.ok("POST", "/search/words", {"rule": "返钱 = 退款"})
    assert keeper.post("/search/words", {"rule": "退款 → 退费"}).get_json()["errors"]["words"]
    assert keeper.post("/search/words", {"rule": "退"}).get_json()["errors"]["words"]
    assert keeper.ok("GET", "/search/words")["total"] == 1
    with writing(), pytest.raises(Forbidden):
        words.add(make.actor("qa"), "副号 = 副卡")
    with writing():
        assert words.add(make.actor("training"), "副号 = 副卡", state=State.PROPOSED).state is State.PROPOSED
    with reading():
        assert words.current().others("副号") == ()


def test_a_file_goes_out_and_comes_back(make: Make, signed_in: Callable[..., Any]) -> None:
    from io import BytesIO

    manager = make.user("manager")
    browser = signed_in(manager)
    table = "词,含义,备注\n副号 = 副卡,,\nhf套餐,话费套餐,柜面说法\n费,退款,太短\n".encode("gb18030")
    browser.submit("/admin/search/words", {"file": (BytesIO(table), "w.csv")}, to="/admin/search/words/bring")
    page = browser.get("/admin/search/words").get_data(as_text=True)
    assert "副号 = 副卡" in page
    assert "hf套餐 → 话费套餐" in page
    assert "Line 4" in page
    for form in ("csv", "xlsx"):
        out = browser.get(f"/admin/search/words.{form}").data
        browser.submit("/admin/search/words", {"file": (BytesIO(out), f"w.{form}")}, to="/admin/search/words/bring")
    with reading():
        assert len(words.rules(*words.KEPT)) == 2


def test_a_workbook_that_means_harm_is_refused_in_a_sentence(make: Make, signed_in: Callable[..., Any]) -> None:
    """Examined before it is opened, as every workbook; and a table whose cell has no end is no fault of ours."""
    from io import BytesIO

    from tests.exchange.test_import_hostile import HOSTILE

    browser = signed_in(make.user("manager"))
    files = {"w.xlsx": HOSTILE["links.xlsx"](), "e.xlsx": HOSTILE["entity.xlsx"](), "n.xlsx": b"PK no",
             "w.csv": "词,含义\n".encode() + b'"' + b"x" * 1_900_000}  # fmt: skip
    for name, data in files.items():
        said = {"file": (BytesIO(data), name)}
        answer = browser.submit("/admin/search/words", said, to="/admin/search/words/bring")
        assert answer.status_code == 422, name
    with reading():
        assert words.rules(*words.KEPT) == []


def test_the_page_shows_how_a_question_is_understood(make: Make, signed_in: Callable[..., Any]) -> None:
    published(make, "退款时限说明", "七个工作日内原路退回。")
    manager = make.user("manager")
    browser = signed_in(manager)
    browser.submit("/admin/search/words", line="返钱 = 退款", note="")
    page = browser.get("/admin/search/words?try=请问返錢").get_data(as_text=True)
    assert "fan qian" in page
    assert page.count("退款时限说明") == 1  # with the words, and not without
    refused = browser.submit("/admin/search/words", line="费", note="说明")
    assert refused.status_code == 422
    assert "added it: 返钱 = 退款" in browser.text("/admin/search/words/1")
    assert "说明" in refused.get_data(as_text=True)


def test_the_database_knows_the_words_too(make: Make, api: Callable[..., Script], monkeypatch: Any) -> None:
    from tests.search.test_finding import _break

    published(make, "退款时限说明")
    reader = api(make.user("rep"))
    api(make.user("manager")).ok("POST", "/search/words", {"rule": "返钱 = 退款"})
    _break(monkeypatch)
    answer = reader.ok("GET", "/search?q=返钱")
    assert (answer["degraded"], [item["title"] for item in answer["items"]]) == (True, ["退款时限说明"])


def test_nobody_keeps_more_than_there_is_room_for(make: Make, monkeypatch: Any) -> None:
    monkeypatch.setattr(words, "MOST_RULES", 1)
    with writing():
        actor = make.actor("manager")
        words.add(actor, "返钱 = 退款")
        with pytest.raises(DomainError, match="Take some out"):
            words.add(actor, "副号 = 副卡")
    outbox.drain()
