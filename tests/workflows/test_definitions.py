"""What a manager may draw: a sentence at the field for everything that is wrong, and one pipeline for every case."""

import copy
from typing import Any

import pytest

from core.errors import Invalid
from workflows.definitions import (
    Applies,
    Case,
    Definition,
    Seat,
    Stage,
    choose,
    clashes,
    faults,
    parse,
    pipeline,
)

pytestmark = pytest.mark.usefixtures("speaks")

SOUND: dict[str, Any] = {
    "applies": {"topics": ["faq"]},
    "stages": [
        {"key": "first", "seats": [{"key": "business", "role": "business"}, {"key": "qa", "role": "qa"}]},
        {
            "key": "second",
            "seats": [{"key": "trainers", "role": "training", "people": ["ana", "bo", "cy"], "approvals": 2}],
            "due_hours": 8,
            "remind_hours": [4, 1],
            "escalate": [{"after_hours": 0, "to": "supervisor"}, {"after_hours": 8, "to": "manager"}],
            "checklist": [{"key": "right", "text": "Right?", "weight": 60}, {"key": "kind", "text": "?", "weight": 40}],
            "compulsory": True,
            "returns_to": "first",
        },
    ],
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The sound document with another value at a path."""
    document = copy.deepcopy(SOUND)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place: Any = document
    for step in way:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    place[last] = value
    return document


def refused(document: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as found:
        parse(document)
    return found.value.errors


def test_a_sound_one() -> None:
    found = parse(SOUND)
    assert faults(found) == {}
    assert parse(found.model_dump(mode="json")) == found, "it survives JSON"
    assert (found.index("second"), found.stage("second").seat("trainers").needed) == (1, 2)
    for unknown in (lambda: found.stage("third"), lambda: found.stage("first").seat("x"), lambda: found.index(None)):
        with pytest.raises(KeyError):
            unknown()


@pytest.mark.parametrize(
    ("path", "value", "at", "sentence"),
    [
        ("stages", [], "stages", "at least one stage"),
        ("applies.topics", [], "applies.topics", "at least one kind"),
        ("stages.0.seats", [], "stages.0.seats", "nobody could decide"),
        ("stages.1.key", "first", "stages.1.key", "Two stages"),
        ("stages.0.seats.1.key", "business", "stages.0.seats.1.key", "Two seats"),
        ("stages.0.need", 3, "stages.0.need", "3 seats must agree, but the stage has 2"),
        ("stages.0.need", 0, "stages.0.need", "0 seats must agree"),
        ("stages.0.returns_to", "second", "stages.0.returns_to", "circle"),
        ("stages.1.returns_to", "second", "stages.1.returns_to", "circle"),
        ("stages.1.returns_to", "third", "stages.1.returns_to", "no such stage"),
        ("stages.1.seats.0.approvals", 0, "stages.1.seats.0.approvals", "at least one approval"),
        ("stages.1.seats.0.approvals", 4, "stages.1.seats.0.approvals", "4 approvals are needed, but only 3"),
        ("stages.1.seats.0.people", ["ana", "bo", "ana"], "stages.1.seats.0.people", "named twice"),
        ("stages.1.seats.0.people", ["ana"], "stages.1.seats.0.approvals", "only 1 people"),
        ("stages.1.checklist.0.weight", 50, "stages.1.checklist", "sum to 90"),
        ("stages.1.checklist.0.key", "kind", "stages.1.checklist", "Two questions"),
        ("stages.0.compulsory", True, "stages.0.compulsory", "no checklist"),
        ("stages.1.remind_hours", [8], "stages.1.remind_hours", "before the due time"),
        ("stages.1.remind_hours", [0], "stages.1.remind_hours", "before the due time"),
        ("stages.1.escalate.1.after_hours", 0, "stages.1.escalate", "later than the one before"),
        # what the shapes say, in words
        ("stages.0.seats.0.role", "", "stages.0.seats.0.role", "needed"),
        ("stages.0.key", "Große Stufe", "stages.0.key", "small letters"),
        ("stages.0.due_hours", 0, "stages.0.due_hours", "At least 1"),
        ("stages.0.due_hours", 99999, "stages.0.due_hours", "At most 8760"),
        ("stages.0.due_hours", "soon", "stages.0.due_hours", "whole number"),
        ("stages.0.need", "most", "stages.0.need", "whole number"),
        ("stages.1.seats.0.approvals", "every", "stages.1.seats.0.approvals", "whole number"),
        ("stages.0.calibration", 101, "stages.0.calibration", "At most 100"),
        ("stages.0.name", "n" * 61, "stages.0.name", "At most 60 characters"),
        ("stages.0.colour", "red", "stages.0.colour", "no field of this name"),
        ("stages.1.checklist.0.weight", 101, "stages.1.checklist.0.weight", "At most 100"),
        ("on_change", "sometimes", "on_change", "."),
        ("emergency_hours", 0, "emergency_hours", "At least 1"),
    ],
)
def test_a_sentence_at_the_field(path: str, value: Any, at: str, sentence: str) -> None:
    errors = refused(changed(path, value))
    assert set(errors) == {at}, errors
    assert sentence in errors[at]


def test_every_fault_at_once() -> None:
    document = changed("stages.0.seats", [])
    document["stages"][1]["checklist"][0]["weight"] = 50
    document["stages"][1]["returns_to"] = "second"
    assert set(refused(document)) == {"stages.0.seats", "stages.1.checklist", "stages.1.returns_to"}


@pytest.mark.parametrize(
    "document", [None, [], "x", 7, {"stages": "x"}, {"stages": [None]}, {"stages": [{"seats": 1}]}]
)
def test_something_else_than_a_document(document: Any) -> None:
    errors = refused(document)
    assert errors
    assert all(sentence and not sentence.startswith("Input") for sentence in errors.values())


def test_all_of_the_named_and_all_of_a_pool() -> None:
    assert Seat(key="a", role="qa", people=("ana", "bo"), approvals="all").needed == 2
    assert Seat(key="a", role="qa", approvals="all").needed == 1
    assert parse(changed("stages.0.seats.0.approvals", "all"))


@pytest.mark.parametrize(
    ("fields", "changed_fields", "concerned"),
    [((), {"price"}, True), ((), set(), False), (("price",), {"price", "x"}, True), (("price",), {"x"}, False)],
)
def test_what_a_seat_answers_for(fields: tuple[str, ...], changed_fields: set[str], concerned: bool) -> None:
    assert Seat(key="a", role="qa", fields=fields).answers_for(frozenset(changed_fields)) is concerned


# ── one pipeline for every case ──────────────────────────────────────────────────────────────────────────────────────


def judging(*topics: str, categories: tuple[str, ...] = (), sizes: tuple[str, ...] = ()) -> Definition:
    stage = Stage(key="s", seats=(Seat(key="s", role="qa"),))
    return Definition(stages=(stage,), applies=Applies(topics=topics, categories=categories, significances=sizes))


CHOICE = {
    "faq": judging("faq"),
    "faq_typo": judging("faq", sizes=("typo",)),
    "tariffs": judging("faq", "script", categories=("tariffs",)),
    "roaming": judging("faq", categories=("roaming",)),
    "roaming_typo": judging("faq", categories=("roaming",), sizes=("typo",)),
    "sop": judging("sop"),
}


@pytest.mark.parametrize(
    ("topic", "significance", "categories", "key"),
    [
        ("faq", "major", (), "faq"),
        ("faq", "typo", (), "faq_typo"),
        ("faq", None, (), "faq"),
        ("faq", "major", ("tariffs",), "tariffs"),
        ("faq", "typo", ("tariffs",), "tariffs"),  # the category goes before the size
        ("faq", "major", ("tariffs", "roaming"), "roaming"),  # the deeper category before the higher one
        ("faq", "typo", ("tariffs", "roaming"), "roaming_typo"),
        ("faq", "major", ("tariffs", "abroad"), "tariffs"),  # what lies below counts too
        ("faq", "major", ("billing",), "faq"),
        ("script", "major", ("tariffs",), "tariffs"),
        ("script", "major", (), None),
        ("sop", "typo", ("tariffs", "roaming"), "sop"),
        ("notice", "major", (), None),
    ],
)
def test_which_pipeline_judges(topic: str, significance: str | None, categories, key: str | None) -> None:
    assert choose(CHOICE, Case(topic=topic, significance=significance, categories=categories)) == key


def test_equal_rights_go_by_the_alphabet() -> None:
    assert choose({"b": judging("faq"), "a": judging("faq")}, Case(topic="faq")) == "a"
    assert choose({}, Case(topic="faq")) is None


@pytest.mark.parametrize(
    ("mine", "other", "clash"),
    [
        (judging("faq"), judging("faq"), True),
        (judging("faq"), judging("sop"), False),
        (judging("faq", "sop"), judging("sop"), True),
        (judging("faq"), judging("faq", sizes=("typo",)), False),  # one is closer than the other
        (judging("faq", sizes=("typo", "minor")), judging("faq", sizes=("typo",)), True),
        (judging("faq", sizes=("minor",)), judging("faq", sizes=("typo",)), False),
        (judging("faq", categories=("a",)), judging("faq"), False),
        (judging("faq", categories=("a", "b")), judging("faq", categories=("b",)), True),
        (judging("faq", categories=("a",)), judging("faq", categories=("b",)), False),
        (judging("faq", categories=("a",), sizes=("typo",)), judging("faq", categories=("a",)), False),
    ],
)
def test_two_that_would_claim_the_same(mine: Definition, other: Definition, clash: bool) -> None:
    assert clashes(mine.applies, other.applies) is clash
    assert clashes(other.applies, mine.applies) is clash


def test_the_shape_that_comes_with_the_product() -> None:
    found = pipeline("business", "qa", topic="faq", due_hours=4, bulk=True)
    assert faults(found) == {}
    assert [(s.key, s.due_hours, s.bulk, s.seats[0].role) for s in found.stages] == [
        ("business", 4, True, "business"),
        ("qa", 4, True, "qa"),
    ]
