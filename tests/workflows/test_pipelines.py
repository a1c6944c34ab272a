"""Pipelines are kept in versions; what is wrong with one is said at its field; a running review keeps its own."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from accounts import ops as people
from core import clock
from core.db import session
from core.errors import Conflict, Forbidden, Invalid, NotFound
from wiki.articles.ops import add_category
from workflows import pipelines
from workflows.caretakers import save_caretakers
from workflows.definitions import Applies, Case, Definition, Seat, Stage
from workflows.dry_run import Question, Trial, try_out
from workflows.models import Pipeline, Review
from workflows.pipeline_world import World
from workflows.queries import active_pipelines, pipeline_for

MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # nine o'clock in Shanghai


@pytest.fixture
def chief(db, make):
    """A manager in a centre with somebody in every seat."""
    for role in ("business", "business", "qa", "qa", "training", "training", "training", "supervisor", "supervisor"):
        make.user(role)
    add_category("billing", "资费")
    add_category("refunds", "退费", "billing")
    session.flush()
    return make.actor("manager")


def document(*stages: Stage, topics: tuple[str, ...] = ("faq",), **about: Any) -> dict[str, Any]:
    applies = Applies(topics=topics, **{k: about.pop(k) for k in ("categories", "significances") if k in about})
    return Definition(stages=stages or (stage("business"), stage("qa")), applies=applies, **about).model_dump(
        mode="json"
    )


def stage(role: str, **about: Any) -> Stage:
    seat = {k: about.pop(k) for k in ("team", "people", "approvals", "category", "fields", "routing") if k in about}
    return Stage(key=about.pop("key", role), seats=(Seat(key=role, role=role, **seat),), **about)


def refused(chief: Any, found: dict[str, Any], key: str | None = "faq") -> dict[str, str]:
    before = {(row.key, row.version) for row in session.scalars(active_pipelines())}
    with pytest.raises(Invalid) as error:
        pipelines.save_pipeline(chief, key, "", found)
    assert {(row.key, row.version) for row in session.scalars(active_pipelines())} == before
    return error.value.errors


class TestVersions:
    def test_saving_makes_a_version_and_the_next_review_begins_with_it(self, db, make, chief):
        old = make.submission(kind="faq")
        saved = pipelines.save_pipeline(chief, "faq", "Questions", document(), began=1)
        assert (saved.version, saved.name, saved.active, saved.created_by_id) == (2, "Questions", True, chief.id)
        new = make.submission(kind="faq")
        stages = {row.subject_id: [one.key for one in row.definition.stages] for row in session.query(Review).all()}
        assert stages[old.id] == ["business", "qa", "supervisor"]
        assert stages[new.id] == ["business", "qa"]
        assert [row.version for row, _name in session.execute(pipelines.history("faq"))] == [2, 1]
        assert pipelines.running() == {"faq": 2}

    def test_the_same_again_makes_none(self, db, chief):
        found = document(stage("business"), stage("training", people=("a", "b")), topics=("faq",))
        found["stages"][1]["seats"][0]["people"] = []
        first = pipelines.save_pipeline(chief, "faq", " Questions ", found)
        shuffled = copy.deepcopy(found) | {"on_change": "voided"}
        assert pipelines.save_pipeline(chief, "faq", "Questions", shuffled) is first
        assert pipelines.save_pipeline(chief, "faq", "Answers", found).version == first.version + 1

    def test_a_stale_form_is_told_who_saved(self, db, make, chief):
        with clock.fixed(MONDAY):
            pipelines.save_pipeline(chief, "faq", "", document(), began=1)
        with pytest.raises(Conflict) as error:
            pipelines.save_pipeline(make.actor("manager"), "faq", "", document(stage("qa")), began=1)
        assert error.value.code == "pipeline-moved"
        assert error.value.sentence == f"{chief.name} has saved version 2 meanwhile."
        assert error.value.details["saved_at"] == MONDAY.isoformat()
        assert pipelines.newest("faq").version == 2

    def test_restoring_makes_a_new_version(self, db, chief):
        pipelines.save_pipeline(chief, "faq", "", document(stage("qa")))
        again = pipelines.restore(chief, "faq", 1)
        assert again.version == 3
        assert [one.key for one in again.definition.stages] == ["business", "qa", "supervisor"]
        with pytest.raises(NotFound):
            pipelines.restore(chief, "faq", 9)

    def test_only_managers(self, db, make):
        for role in ("rep", "qa", "supervisor", "admin"):
            with pytest.raises(Forbidden):
                pipelines.save_pipeline(make.actor(role), "faq", "", document())
            with pytest.raises(Forbidden):
                pipelines.retire_pipeline(make.actor(role), "faq")
            with pytest.raises(Forbidden):
                pipelines.import_pipeline(make.actor(role), {})

    def test_keys_are_made_of_the_name(self, db, chief):
        narrow = {"categories": ("billing",)}
        made = pipelines.save_pipeline(chief, None, "Billing: FAQ", document(**narrow))
        assert (made.key, made.version) == ("billing_faq", 1)
        chinese = pipelines.save_pipeline(chief, None, "资费问题", document(categories=("refunds",)))
        assert chinese.key == "faq_2"

    def test_the_list_of_those_in_use(self, db, chief):
        made = pipelines.save_pipeline(chief, None, "Refunds", document(categories=("refunds",)))
        pipelines.retire_pipeline(chief, made.key)
        assert made.key not in [row.key for row in session.scalars(active_pipelines())]
        assert [row.key for row in session.scalars(pipelines.retired_pipelines())] == ["refunds"]
        assert pipelines.restore(chief, "refunds", 1).active


class TestWhoElse:
    def test_two_pipelines_that_clash_are_named(self, db, chief):
        said = refused(chief, document(topics=("faq", "sop")), key=None)
        assert list(said) == ["applies.topics"]
        assert said["applies.topics"].startswith("“FAQ” already judges FAQ.")
        pipelines.save_pipeline(chief, "b", "Billing", document(categories=("billing",)))
        assert "“Billing”" in refused(chief, document(categories=("billing", "refunds")), key="c")["applies.topics"]

    def test_the_closer_fit_judges(self, db, chief):
        pipelines.save_pipeline(chief, "b", "", document(categories=("billing",)))
        pipelines.save_pipeline(chief, "t", "", document(stage("qa"), significances=("typo",)))
        cases = [("faq", (), None), ("faq", ("billing", "refunds"), "typo"), ("faq", (), "typo")]
        found = [pipeline_for(Case(topic=a, categories=b, significance=c)) for a, b, c in cases]
        assert [row and row.key for row in found] == ["faq", "b", "t"]

    def test_no_kind_is_left_alone(self, db, chief):
        with pytest.raises(Conflict) as error:
            pipelines.retire_pipeline(chief, "faq")
        assert error.value.sentence == "Without this, FAQ would have no pipeline: nothing of it could be submitted."
        pipelines.save_pipeline(chief, "b", "", document(categories=("billing",)))
        assert "no pipeline" in refused(chief, document(significances=("typo",)))["applies.topics"]
        assert "no pipeline" in refused(chief, document(categories=("refunds",)))["applies.topics"]
        assert pipelines.retire_pipeline(chief, "b").active is False
        with pytest.raises(Conflict):
            pipelines.retire_pipeline(chief, "b")


class TestWorld:
    @pytest.mark.parametrize(
        ("changed", "path", "said"),
        [
            ({"role": "chef"}, "seats.0.role", "There is no role chef here."),
            ({"team": "moon"}, "seats.0.team", "There is no team moon here."),
            ({"category": "moon"}, "seats.0.category", "There is no category moon here."),
            ({"category": "billing"}, "seats.0.role",
             "Nobody can take this seat: nobody with this role looks after the category."),
            ({"fields": ("moon",)}, "seats.0.fields", "The kinds of this pipeline have no field moon."),
            ({"people": ("moon",)}, "seats.0.people", "There is nobody called moon here."),
            ({"approvals": 3}, "seats.0.approvals", "3 approvals are needed, but only 2 can sit here."),
            ({"calendar": "moon"}, "calendar", "There is no calendar moon here."),
        ],
    )  # fmt: skip
    def test_what_is_not_here(self, db, chief, changed, path, said):
        about = {"role": "business", "key": "s", **changed}
        assert refused(chief, document(stage(about.pop("role"), **about))) == {f"stages.0.{path}": said}

    def test_what_it_judges(self, db, chief):
        said = refused(chief, document(topics=("moon",), categories=("moon",), significances=("moon",)), key="x")
        assert set(said) == {"applies.topics", "applies.categories", "applies.significances"}

    def test_the_named_people(self, db, make, chief):
        gone, other = make.user("business", name="Gone"), make.user("qa", name="Other")
        people.disable(None, gone)
        here = make.user("business", team="billing")
        for person, said in [(gone, "Gone is disabled"), (other, "Other does not hold the role Business reviewer.")]:
            errors = refused(chief, document(stage("business", people=(person.username,))))
            assert errors["stages.0.seats.0.people"].startswith(said)
        make.team("night")
        errors = refused(chief, document(stage("business", people=(here.username,), team="night")))
        assert errors["stages.0.seats.0.people"].endswith("is not in this team.")

    def test_an_empty_seat(self, db, make, chief):
        make.team("night", name="Night desk")
        said = "Nobody can take this seat: the team Night desk has nobody with this role."
        assert refused(chief, document(stage("business", team="night"))) == {"stages.0.seats.0.role": said}
        said = "Nobody can take this seat: no active person holds the role Administrator."
        assert refused(chief, document(stage("admin"))) == {"stages.0.seats.0.role": said}

    def test_who_looks_after_a_category_can_sit(self, db, make, chief):
        keeper = make.user("business")
        save_caretakers(chief, "billing", [keeper.username])
        assert pipelines.save_pipeline(chief, "faq", "", document(stage("business", category="billing")))
        assert pipelines.save_pipeline(chief, "faq", "", document(stage("business", category="*")))

    def test_nobody_sits_twice(self, db, chief):
        stages = (stage("qa", approvals=2), stage("qa", key="again"))
        said = refused(chief, document(*stages))
        assert list(said) == ["stages.1.seats.0.approvals"]
        assert "nobody may take two seats in one round" in said["stages.1.seats.0.approvals"]


class TestExport:
    def test_goes_and_comes_back(self, db, chief):
        saved = pipelines.save_pipeline(chief, "faq", "Questions", document())
        sent = pipelines.export(saved)
        assert list(sent) == ["spiral", "format", "key", "name", "definition"]
        assert pipelines.import_pipeline(chief, sent) is saved
        sent["definition"]["applies"]["categories"] = ["billing"]
        there = pipelines.import_pipeline(chief, sent | {"key": None, "name": "Copy"})
        assert (there.key, there.version) == ("copy", 1)
        assert there.definition.stages == saved.definition.stages

    @pytest.mark.parametrize(
        "sent",
        [None, [], {}, {"spiral": "course"}, {"spiral": "pipeline", "format": 2},
         {"spiral": "pipeline", "format": 1, "extra": 1}, {"spiral": "pipeline", "format": 1, "key": 7}],
    )  # fmt: skip
    def test_what_is_no_export(self, db, chief, sent):
        with pytest.raises(Invalid) as error:
            pipelines.import_pipeline(chief, sent)
        assert list(error.value.errors) == ["document"]

    def test_what_is_not_here_is_told_at_its_field(self, db, chief):
        sent = pipelines.export(pipelines.newest("faq"))
        sent["definition"]["stages"][0]["seats"][0] |= {"people": ["moon"], "team": "moon"}
        sent["definition"]["stages"][1]["calendar"] = "moon"
        with pytest.raises(Invalid) as error:
            pipelines.import_pipeline(chief, sent)
        assert set(error.value.errors) == {
            "stages.0.seats.0.team",
            "stages.0.seats.0.people",
            "stages.1.calendar",
        }
        assert session.query(Pipeline).filter_by(key="faq").count() == 1


class TestDryRun:
    def tried(self, definition: dict[str, Any], **about: Any) -> Trial:
        world, mine = World(), Definition.model_validate(definition)
        rows = {row.key: row.definition for row in session.scalars(active_pipelines()) if row.key != "mine"}
        asked = {"case": Case(topic="faq"), "path": None, "authors": (), "changed": frozenset(), "at": MONDAY} | about
        names = dict.fromkeys(rows, "Other") | {"mine": "Mine"}
        return try_out(Question(**asked), rows | {"mine": mine}, names, world.words(mine), "mine")

    def test_which_and_why(self, db, chief):
        narrow = document(categories=("billing",))
        found = self.tried(narrow, case=Case(topic="faq", categories=("billing", "refunds")), path="billing/refunds")
        assert (found.key, found.mine) == ("mine", True)
        assert found.why == "It judges FAQ. The category “资费” is the closest that fits."
        assert [other.why for other in found.others] == ["fits less closely"]
        found = self.tried(narrow)
        assert (found.key, found.mine) == ("faq", False)
        assert [(other.name, other.why) for other in found.others] == [("Mine", "only in: 资费")]
        assert self.tried(narrow, case=Case(topic="moon")).key is None

    def test_people_are_never_the_author_and_sit_once(self, db, make, chief):
        author, both = make.user("rep", "supervisor", name="Author"), make.user("qa", "supervisor", name="Both")
        narrow = document(stage("qa"), stage("supervisor"), significances=("typo",))
        found = self.tried(narrow, case=Case(topic="faq", significance="typo"), authors=(author.id,))
        first, second = (one.seats[0] for one in found.stages)
        assert "Both" in first.people
        assert "Author" not in second.people
        assert (first.again, second.again) == (0, 1)
        assert both.name in second.people
        assert not found.stuck

    def test_nobody_left(self, db, make, chief):
        author = make.user("admin", name="Only one")
        found = self.tried(
            document(stage("qa"), stage("admin"), significances=("typo",)),
            case=Case(topic="faq", significance="typo"),
            authors=(author.id,),
        )
        assert found.stuck
        assert [(one.seats[0].people, one.seats[0].short) for one in found.stages][1] == ((), True)

    def test_due_in_the_hours_of_the_office(self, db, chief):
        late = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # Friday, 17:00 in Shanghai
        office = stage("qa", due_hours=8, calendar="office")
        found = self.tried(document(office, stage("supervisor", due_hours=2), significances=("typo",)),
                           case=Case(topic="faq", significance="typo"), at=late)  # fmt: skip
        assert [one.due for one in found.stages] == [
            datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
            datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
        ]

    def test_what_a_send_back_does_is_what_the_rules_say(self, db, chief):
        parts = (stage("business", fields=("title",)), stage("qa", fields=("body",)), stage("supervisor"))
        case = Case(topic="faq", significance="typo")
        said = {}
        for policy in ("voided", "kept", "fields"):
            given = document(*parts, significances=("typo",), on_send_back=policy, on_change=policy)
            found = self.tried(given, case=case, changed=frozenset({"title"}))
            said[policy] = (found.stages[2].back, found.stages[2].change)
        assert "begins at Business reviewer. Earlier approvals are void." in said["voided"][0]
        assert "begins at Supervisor. These approvals stand: Business reviewer, Quality reviewer." in said["kept"][0]
        assert "begins at Business reviewer. These approvals stand: Quality reviewer." in said["fields"][0]
        assert said["kept"][1] == "A change of the text meanwhile leaves it here; every approval stands."
        assert "takes it to Business reviewer" in said["fields"][1]

    def test_a_send_back_to_an_earlier_stage(self, db, chief):
        given = document(stage("business"), stage("qa", returns_to="business"), significances=("typo",))
        found = self.tried(given, case=Case(topic="faq", significance="typo"))
        assert found.stages[1].back.startswith("A send-back goes to Business reviewer.")
