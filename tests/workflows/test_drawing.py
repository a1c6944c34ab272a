"""The picture of a pipeline: everything stands where it can be seen, and its words say the same."""

import itertools

import pytest
from hypothesis import given, settings

from tests.workflows.test_pipeline_forms import DOCUMENTS
from workflows.definitions import Definition, Seat, Stage
from workflows.drawing import Drawing, cut, draw, told, width_of
from workflows.pipeline_words import Change, Words, changes, line

WORDS = Words(roles={"business": "Business", "qa": "Quality", "training": "Trainer", "supervisor": "Supervisor"})


def pipeline() -> Definition:
    """Business and QA in parallel, 2 of 3 trainers, supervisor within 8 office hours."""
    return Definition(
        stages=(
            Stage(key="both", seats=(Seat(key="b", role="business"), Seat(key="q", role="qa"))),
            Stage(key="t", seats=(Seat(key="t", role="training", people=("a", "b", "c"), approvals=2),), veto=False),
            Stage(
                key="s", seats=(Seat(key="s", role="supervisor"),), due_hours=8, calendar="office", returns_to="both"
            ),
        )
    )


def boxes(drawing: Drawing) -> list[tuple[int, int, int, int]]:
    return [drawing.start, *((s.x, s.y, s.width, s.height) for s in drawing.stages), drawing.end]


@pytest.mark.parametrize("upright", [False, True])
def test_stages_stand_in_their_order(upright: bool) -> None:
    drawing = draw(pipeline(), WORDS, upright=upright)
    places = [box[1] if upright else box[0] for box in boxes(drawing)]
    assert places == sorted(places)
    first = drawing.stages[0]
    assert first.seats[0].x == first.seats[1].x  # parallel seats are stacked
    assert first.seats[0].y < first.seats[1].y


def test_what_it_says() -> None:
    drawing = draw(pipeline(), WORDS)
    assert [[(seat.mark, seat.full) for seat in stage.seats] for stage in drawing.stages] == [
        [("", "Business"), ("", "Quality")],
        [("2/3", "Trainer")],
        [("", "Supervisor")],
    ]
    assert [stage.due for stage in drawing.stages] == ["24 h", "24 h", "8 h · office"]
    assert drawing.stages[1].rule == "no veto"
    assert [arrow.label for arrow in drawing.arrows if arrow.back] == [
        "sent back to Business + Quality",
        "sent back to the author",
    ]
    assert line(pipeline(), WORDS) == "Business + Quality → 2/3 Trainer → Supervisor"
    assert "Stage 2: 2/3 Trainer; due after 24 h." in told(pipeline(), WORDS)


@settings(max_examples=60)
@given(DOCUMENTS)
def test_everything_is_inside_and_nothing_overlaps(document: dict[str, object]) -> None:
    definition = Definition.model_validate(document)
    for upright in (False, True):
        drawing = draw(definition, WORDS, upright=upright)
        for x, y, width, height in boxes(drawing):
            assert x >= 0
            assert y >= 0
            assert x + width <= drawing.width
            assert y + height <= drawing.height
        for (x, y, width, height), (next_x, next_y, _w, _h) in itertools.pairwise(boxes(drawing)):
            assert (y + height <= next_y) if upright else (x + width <= next_x)
        for stage in drawing.stages:
            assert all(seat.y + seat.height <= stage.y + stage.height for seat in stage.seats)


def test_long_labels_are_cut_to_their_room() -> None:
    assert cut("短", 50) == "短"
    assert width_of(cut("品质管理评审人与业务管理评审人", 100)) <= 100
    assert cut("品质管理评审人与业务管理评审人", 100).endswith("…")


class TestChanges:
    def test_nothing(self) -> None:
        assert changes(pipeline(), pipeline(), WORDS) == []

    def test_a_stage_that_went_and_one_that_came(self) -> None:
        old = pipeline()
        new = old.model_copy(update={"stages": (*old.stages[:2], Stage(key="m", seats=(Seat(key="m", role="x"),)))})
        assert changes(old, new, WORDS) == [
            Change("Stages", "Supervisor", "Supervisor", None),
            Change("Stages", "x", None, "x"),
        ]

    def test_a_number_of_approvals(self) -> None:
        old = pipeline()
        seat = old.stages[1].seats[0].model_copy(update={"approvals": 3})
        new = old.model_copy(
            update={"stages": (old.stages[0], old.stages[1].model_copy(update={"seats": (seat,)}), old.stages[2])}
        )
        assert changes(old, new, WORDS) == [Change("Stage Trainer, seat Trainer", "Approvals", "2", "3")]

    def test_another_order(self) -> None:
        old = pipeline()
        new = old.model_copy(update={"stages": (old.stages[1], old.stages[0], old.stages[2])})
        assert [change.what for change in changes(old, new, WORDS)] == ["Order"]
