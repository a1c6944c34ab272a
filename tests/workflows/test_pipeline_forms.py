"""A document becomes a form and comes back the same; the buttons of the form do what they say, and no more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Invalid
from workflows.definitions import Definition, parse
from workflows.pipeline_forms import act, document_of, draft_of, empty, field_of, fields_of, read

KEYS = st.from_regex(r"[a-z0-9_]{1,12}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
SOME = st.one_of(st.none(), KEYS)
FEW_KEYS = st.lists(KEYS, max_size=4, unique=True)

SEATS = st.fixed_dictionaries(
    {
        "key": KEYS,
        "role": KEYS,
        "team": SOME,
        "category": st.one_of(SOME, st.just("*")),
        "people": FEW_KEYS,
        "approvals": st.one_of(st.just("all"), st.integers(1, 500)),
        "routing": st.sampled_from(["pool", "owner", "least_loaded", "round_robin"]),
        "fields": FEW_KEYS,
    }
)
STAGES = st.fixed_dictionaries(
    {
        "key": KEYS,
        "name": st.one_of(st.just(""), TEXT),
        "seats": st.lists(SEATS, max_size=3),
        "need": st.one_of(st.just("all"), st.integers(1, 9)),
        "veto": st.booleans(),
        "due_hours": st.integers(1, 8000),
        "calendar": SOME,
        "remind_hours": st.lists(st.integers(1, 99), max_size=3),
        "escalate": st.lists(st.fixed_dictionaries({"after_hours": st.integers(0, 999), "to": KEYS}), max_size=3),
        "checklist": st.lists(
            st.fixed_dictionaries({"key": KEYS, "text": TEXT, "weight": st.integers(0, 100)}), max_size=3
        ),
        "compulsory": st.booleans(),
        "pass_mark": st.integers(0, 100),
        "claim_first": st.booleans(),
        "bulk": st.booleans(),
        "calibration": st.integers(0, 100),
        "returns_to": SOME,
    }
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "stages": st.lists(STAGES, max_size=3),
        "applies": st.fixed_dictionaries({"topics": FEW_KEYS, "categories": FEW_KEYS, "significances": FEW_KEYS}),
        "on_change": st.sampled_from(["voided", "kept", "fields"]),
        "on_send_back": st.sampled_from(["voided", "kept", "fields"]),
        "emergency_hours": st.integers(1, 720),
    }
)


@given(DOCUMENTS, st.text(max_size=20))
def test_a_document_survives_the_form(document: dict[str, Any], name: str) -> None:
    stored = Definition.model_validate(document).model_dump(mode="json")
    typed = read(fields_of(draft_of(stored, name)))
    assert typed["name"] == name
    assert document_of(typed) == stored


PARTS = st.lists(st.sampled_from(["stages", "seats", "0", "1", "name", "role", "topics", "", "x"]), max_size=6)
NAMES = st.one_of(st.text(max_size=30), PARTS.map("-".join))


@given(st.lists(st.tuples(NAMES, st.text(max_size=8)), max_size=12))
def test_whatever_is_posted_is_read(fields: list[tuple[str, str]]) -> None:
    again = read(fields)
    assert read(fields_of(again)) == again
    with pytest.raises(Invalid):
        parse(document_of(again))


ASKED = st.sampled_from(["add", "remove", "up", "down"]).flatmap(
    lambda what: st.tuples(
        st.just(what), st.sampled_from(["stage", "seat", "question", "rung", "x"]), st.integers(0, 4), st.integers(0, 3)
    )
)


@given(st.lists(ASKED, max_size=12))
def test_any_buttons_in_any_order_leave_a_form(asked: list[tuple[str, str, int, int]]) -> None:
    draft = empty()
    for what, row, here, there in asked:
        act(draft, f"{what}-{row}:{here}:{there}")
        assert read(fields_of(draft)) == draft
    Definition.model_validate(document_of({**draft, "stages": [_filled(stage) for stage in draft["stages"]]}))


def _filled(stage: dict[str, Any]) -> dict[str, Any]:
    return {**stage, "checklist": [{**question, "text": "?"} for question in stage["checklist"]]}


class TestKeys:
    def test_are_made_of_the_roles(self) -> None:
        draft = empty()
        act(draft, "add-seat:0")
        act(draft, "add-stage")
        act(draft, "add-stage")
        draft["stages"][2]["seats"][0]["role"] = "training"
        stages = document_of(draft)["stages"]
        assert [stage["key"] for stage in stages] == ["business_qa", "training", "training_2"]
        assert [seat["key"] for seat in stages[0]["seats"]] == ["business", "qa"]

    def test_stay_when_the_role_changes(self) -> None:
        draft = read(fields_of(empty()))
        draft["stages"][0]["key"] = draft["stages"][0]["seats"][0]["key"] = "first"
        draft["stages"][0]["seats"][0]["role"] = "qa"
        assert document_of(draft)["stages"][0]["key"] == "first"

    def test_a_send_back_follows_a_new_stage(self) -> None:
        draft = empty()
        act(draft, "add-stage")
        draft["stages"][1]["returns_to"] = draft["stages"][0]["key"]
        assert draft["stages"][0]["key"] == "+1"
        assert document_of(draft)["stages"][1]["returns_to"] == "business"

    def test_two_seats_of_one_role_are_told_apart(self) -> None:
        draft = empty()
        act(draft, "add-seat:0")
        draft["stages"][0]["seats"][1]["role"] = "business"
        assert [seat["key"] for seat in document_of(draft)["stages"][0]["seats"]] == ["business", "business_2"]


class TestButtons:
    def test_a_new_pipeline_has_a_stage_with_a_seat(self) -> None:
        draft = {**empty(), "topics": ["faq"]}
        definition = parse(document_of(draft))
        assert [seat.role for seat in definition.stages[0].seats] == ["business"]
        assert definition.stages[0].veto

    def test_adding_says_where_the_focus_goes(self) -> None:
        draft = empty()
        assert act(draft, "add-seat:0") == "stages-0-seats-1-role"
        assert act(draft, "add-stage") == "stages-1-seats-0-role"
        assert act(draft, "add-question:1") == "stages-1-checklist-0-text"
        assert [seat["role"] for seat in draft["stages"][0]["seats"]] == ["business", "qa"]
        assert draft["stages"][1]["seats"][0]["role"] == "training"

    def test_a_new_stage_works_by_the_calendar_before_it(self) -> None:
        draft = empty()
        draft["stages"][0] |= {"calendar": "office", "due_hours": "8"}
        act(draft, "add-stage")
        assert (draft["stages"][1]["calendar"], draft["stages"][1]["due_hours"]) == ("office", "8")

    def test_the_weight_of_a_new_question_is_what_is_left(self) -> None:
        draft = empty()
        act(draft, "add-question:0")
        draft["stages"][0]["checklist"][0]["weight"] = "60"
        act(draft, "add-question:0")
        assert [question["weight"] for question in draft["stages"][0]["checklist"]] == ["60", "40"]

    def test_moving_swaps_two_stages(self) -> None:
        draft = empty()
        act(draft, "add-stage")
        assert act(draft, "up-stage:1") == "act-up-stage-0"
        assert [stage["seats"][0]["role"] for stage in draft["stages"]] == ["qa", "business"]
        assert act(draft, "up-stage:0") == ""

    def test_a_removed_stage_takes_the_send_backs_to_it_along(self) -> None:
        draft = empty()
        act(draft, "add-stage")
        draft["stages"][1]["returns_to"] = "+1"
        act(draft, "remove-stage:0")
        assert [stage["returns_to"] for stage in draft["stages"]] == [""]

    @pytest.mark.parametrize("asked", ["", "draw", "add-seat:9", "remove-seat:0:7", "add-x:0", "up-stage:x", "remove-"])
    def test_what_makes_no_sense_changes_nothing(self, asked: str) -> None:
        draft = empty()
        assert act(draft, asked) == ""
        assert draft == empty()


class TestWhatIsTypedWrongly:
    def test_a_word_for_a_number_is_named_at_its_field(self) -> None:
        draft = {**empty(), "topics": ["faq"]}
        draft["stages"][0] |= {"due_hours": "soon", "remind_hours": "4, x"}
        with pytest.raises(Invalid) as refused:
            parse(document_of(draft))
        assert {field_of(path) for path in refused.value.errors} == {"stages-0-due_hours", "stages-0-remind_hours"}

    def test_weights_of_ninety(self) -> None:
        draft = {**empty(), "topics": ["faq"]}
        act(draft, "add-question:0")
        draft["stages"][0]["checklist"][0] |= {"text": "Right?", "weight": "90"}
        with pytest.raises(Invalid) as refused:
            parse(document_of(draft))
        assert {field_of(path): said for path, said in refused.value.errors.items()} == {
            "stages-0-checklist": "The weights sum to 90; they must sum to 100."
        }

    def test_a_circle(self) -> None:
        draft = {**empty(), "topics": ["faq"]}
        act(draft, "add-stage")
        draft["stages"][0]["returns_to"] = draft["stages"][1]["key"]
        with pytest.raises(Invalid) as refused:
            parse(document_of(draft))
        assert list(refused.value.errors) == ["stages.0.returns_to"]

    def test_a_stage_without_seats(self) -> None:
        draft = {**empty(), "topics": ["faq"]}
        act(draft, "remove-seat:0:0")
        with pytest.raises(Invalid) as refused:
            parse(document_of(draft))
        assert list(refused.value.errors) == ["stages.0.seats"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("applies.topics", "topics"),
        ("applies.categories.2", "categories"),
        ("stages.0.seats.1.people.3", "stages-0-seats-1-people"),
        ("stages.0.remind_hours.1", "stages-0-remind_hours"),
        ("stages.0.checklist.1.text", "stages-0-checklist-1-text"),
        ("stages.0.seats.1", "stages-0-seats-1"),
        ("stages", "stages"),
    ],
)
def test_paths_are_field_names(path: str, name: str) -> None:
    assert field_of(path) == name
