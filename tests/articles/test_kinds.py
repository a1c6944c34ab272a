"""Fields are typed and checked, whoever sends them; incomplete may be saved, wrong may not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from core.errors import Invalid
from tests.make import TEXTS, Make
from wiki.articles import forms
from wiki.articles.content import Content, checked
from wiki.articles.kinds import KINDS, FieldType, clean_fields, kind_of, missing
from wiki.articles.pipelines import DEFAULT_PIPELINES


@pytest.fixture(autouse=True)
def _speaks(app):
    """Refusals are sentences in the reader's language."""


@pytest.mark.parametrize("code", KINDS)
def test_each_kind(code: str) -> None:
    kind = KINDS[code]
    assert missing(kind, "Title", clean_fields(kind, TEXTS[code])) == {}
    needed = {f"fields.{spec.code}" for spec in kind.fields if spec.required}
    assert set(missing(kind, "", {})) == needed | {"title"}
    assert code in DEFAULT_PIPELINES
    assert clean_fields(kind, {spec.code: "" for spec in kind.fields}) == {}, "empty fields are left out"


@pytest.mark.parametrize(
    ("kind", "field", "value", "says"),
    [
        ("sop", "effective_on", "30.11.2026", "2026-11-30"),
        ("sop", "audit_every_months", "often", "whole number"),
        ("sop", "steps", [{"id": "1"}], "Each step"),
        ("sop", "steps", "1. do it", "Each step"),
        ("script", "branches", [{"when": "x", "else": "y"}], "Each branch"),
        ("script", "say", ["a"], "text"),
        ("notice", "effective_from", "tomorrow", "2026-11-30T18:00"),
        ("faq", "price", "1", "no field of this name"),
        ("faq", "answer", ">" * 50 + " deep", "nested"),
    ],
)
def test_what_is_wrong_is_named(kind: str, field: str, value: object, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_fields(KINDS[kind], {field: value})
    assert says in refused.value.errors[f"fields.{field}"]


def test_there_is_no_such_kind() -> None:
    with pytest.raises(Invalid):
        kind_of("poem")


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([{"id": "1", "text": "a", "next": [{"id": "9"}]}], "does not exist"),
        ([{"id": "1", "text": "a"}, {"id": "1", "text": "b"}], "same id"),
    ],
)
def test_loose_ends_of_a_process(steps: list, says: str) -> None:
    fields = clean_fields(KINDS["sop"], {**TEXTS["sop"], "steps": steps})
    assert says in missing(KINDS["sop"], "t", fields)["fields.steps"]


def test_content_is_checked_once_for_all_ways(db, make: Make) -> None:
    good = checked(KINDS["faq"], Content(" a\n b ", "x\r\ny\x00", {"answer": "是"}, tags=["#a", "a", " "]))
    assert (good.title, good.body, good.tags) == ("a b", "x\ny", ["a"])
    wrong = Content("长" * 201, category="no", services=["no"], audience="restricted", readers=["everybody"])
    with pytest.raises(Invalid) as refused:
        checked(KINDS["faq"], wrong)
    assert set(refused.value.errors) == {"title", "category", "services", "readers"}
    assert checked(KINDS["faq"], Content("a", readers=["role:qa"])).readers == [], "readers belong to a closed circle"
    with pytest.raises(Invalid):
        checked(KINDS["faq"], Content("a", audience="restricted"))


# ── the editor's form and back ───────────────────────────────────────────────────────────────────────────────────────


def posted(kind: str, content: Content) -> MultiDict[str, str]:
    """What a browser sends when nobody touched what the form shows."""
    values = forms.values_of(KINDS[kind], content)
    out: MultiDict[str, str] = MultiDict()
    for name, value in values.items():
        spec = next((spec for spec in KINDS[kind].fields if spec.code == name), None)
        if spec is not None and spec.type is FieldType.BRANCHES:
            for n, row in enumerate(value):
                for key in ("when", "say", "next"):
                    out.add(f"{name}-{n}-{key}", row[key])
        elif spec is not None and spec.type is FieldType.STEPS:
            for n, row in enumerate(value):
                for key, shown in (("id", "id"), ("text", "text"), ("role", "role"), ("next", "next_text")):
                    out.add(f"{name}-{n}-{key}", row[shown])
        elif isinstance(value, list):
            for one in value:
                out.add(name, one)
        else:
            out.add(name, str(value))
    return out


line = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() == text and text
)
label = st.text("是否已未核验 abc", max_size=6).map(str.strip)
step_ids = ["1", "2", "a-3"]
arrows = st.lists(st.fixed_dictionaries({"label": label, "id": st.sampled_from(step_ids)}), max_size=3)
steps = st.lists(
    st.fixed_dictionaries({"id": st.sampled_from(step_ids), "text": line, "role": st.just("QA"), "next": arrows}),
    min_size=1,
    max_size=4,
)
branches = st.lists(st.fixed_dictionaries({"when": line, "say": line, "next": st.just("")}), min_size=1, max_size=4)


@given(steps)
def test_steps_come_back(drawn: list) -> None:
    fields = clean_fields(KINDS["sop"], {**TEXTS["sop"], "steps": drawn})
    back = forms.content_of(KINDS["sop"], posted("sop", Content("t", "b", fields)))
    assert clean_fields(KINDS["sop"], back.fields) == fields


@given(branches)
def test_branches_come_back(drawn: list) -> None:
    fields = clean_fields(KINDS["script"], {**TEXTS["script"], "branches": drawn})
    back = forms.content_of(KINDS["script"], posted("script", Content("t", "b", fields)))
    assert clean_fields(KINDS["script"], back.fields) == fields


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_comes_back(db, make: Make, code: str) -> None:
    from wiki.articles import ops

    ops.add_category("tariffs", "资费")
    ops.add_service("mobile", "移动")
    given = make.content(
        code,
        tags=["账单", "资费"],
        category="tariffs",
        services=["mobile"],
        audience="restricted",
        readers=["role:qa", "user:1"],
        body="正文\n\n第二段",
    )
    content = checked(KINDS[code], given)
    back = checked(KINDS[code], forms.content_of(KINDS[code], posted(code, content)))
    if code == "notice":  # the same moment, on the centre's clock
        from datetime import datetime

        moments = [datetime.fromisoformat(c.fields["effective_from"]) for c in (content, back)]
        assert moments[0] == moments[1]
    else:
        assert back == content


def test_a_way_that_cannot_be_read_is_refused_not_lost() -> None:
    form = MultiDict({"steps-0-id": "1", "steps-0-text": "核对", "steps-0-next": "若客户同意则办理；2, 3; 是: 4"})
    (step,) = forms.content_of(KINDS["sop"], form).fields["steps"]
    assert [way["id"] for way in step["next"]] == ["若客户同意则办理", "2", "3", "4"]


def test_a_step_without_words_is_refused_not_lost() -> None:
    form = MultiDict({"steps-0-id": "1", "steps-0-text": "", "steps-0-role": "组长", "steps-1-id": "2"})
    fields = forms.content_of(KINDS["sop"], form).fields
    assert len(fields["steps"]) == 1
    with pytest.raises(Invalid):
        clean_fields(KINDS["sop"], fields)
