"""The pipeline editor over HTTP, without script: every button gives the form back, and nothing typed is lost."""

import html
import json
import re
from typing import Any

import pytest

from core.db import reading, session, writing
from tests.clients import fewest
from wiki.articles.ops import add_category
from workflows import pipelines
from workflows.models import Pipeline
from workflows.pipeline_forms import act, document_of, draft_of, empty, fields_of

URL = "/admin/pipelines"


@pytest.fixture
def chief(make, signed_in):
    with writing():
        for role in ("business", "qa", "training", "training", "training", "supervisor", "supervisor"):
            make.user(role)
        add_category("billing", "资费")
        manager = make.user("manager", username="chief", name="The chief")
    return signed_in(manager)


def words(page: Any) -> str:
    """The page as a reader sees it."""
    text = page if isinstance(page, str) else page.get_data(as_text=True)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def form(draft: dict[str, Any], **about: str) -> dict[str, Any]:
    out: dict[str, Any] = dict(about)
    for name, value in fields_of(draft):
        out.setdefault(name, []).append(value)
    return out


def of(key: str) -> tuple[dict[str, Any], str]:
    """The form of a pipeline as it is stored, and the version it is begun from."""
    with reading():
        row = pipelines.newest(key)
        return draft_of(row.definition.model_dump(mode="json"), row.name), str(row.version)


def fields_in(page: Any) -> list[tuple[str, str]]:
    """Names and values of inputs and chosen options, as a browser would send them."""
    text = page.get_data(as_text=True)
    found = []
    for tag in re.findall(r"<input[^>]*>", text):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found.append((html.unescape(name[1]), html.unescape(value[1]) if value else ""))
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inside) or re.search(r'value="([^"]*)"', inside)
        found.append((name, html.unescape(chosen[1]) if chosen else ""))
    return found


def test_the_list_tells_what_there_is(chief, make):
    make.submission(kind="faq")
    page = words(chief.text(URL))
    assert "FAQ Business reviewer → Quality reviewer → Supervisor FAQ 1" in page
    assert "came with the product" in page


def test_the_list_asks_no_more_for_more_pipelines(chief, make, query_count):
    few = fewest(query_count, lambda: chief.text(URL))
    with writing():
        chiefs = make.actor("manager")
        for number, category in enumerate(("one", "two", "three")):
            add_category(category, category)
            session.flush()
            people = [make.user("business").username for _ in range(3)]
            draft = {**empty(), "topics": ["faq"], "categories": [category]}
            draft["stages"][0]["seats"][0] |= {"people": people, "approvals": "2"}
            pipelines.save_pipeline(chiefs, None, f"P{number}", document_of(draft))
    assert fewest(query_count, lambda: chief.text(URL)) <= few + 3  # the people named in them, with their roles


@pytest.mark.both_databases
def test_a_pipeline_is_made_saved_and_changed(chief):
    draft = {**empty(), "name": "Billing", "topics": ["faq"], "categories": ["billing"]}
    answer = chief.submit(f"{URL}/new", form(draft, began="0"))
    assert (answer.status_code, answer.location) == (303, f"{URL}/billing")
    assert "Saved as version 1." in words(chief.text(f"{URL}/billing"))
    draft, began = of("billing")
    act(draft, "add-stage")
    answer = chief.submit(f"{URL}/billing", form(draft, began=began), follow=True)
    assert "Saved as version 2." in words(answer)
    answer = chief.submit(f"{URL}/billing", form(of("billing")[0], began="2"), follow=True)
    assert "Nothing was changed: version 2 stays." in words(answer)
    assert "Billing" in words(chief.text(URL))


def test_what_the_page_shows_is_what_it_sends(chief):
    """A browser that opens a pipeline and presses 'Save' changes nothing, whatever is in it."""
    with reading():
        row = pipelines.newest("faq")
        document = row.definition.model_dump(mode="json")
    document["stages"][0] |= {
        "remind_hours": [8, 2],
        "escalate": [{"after_hours": 0, "to": "supervisor"}, {"after_hours": 4, "to": "manager"}],
        "checklist": [
            {"key": "a", "text": "Is it “right” & <clear>?", "weight": 60},
            {"key": "b", "text": "2", "weight": 40},
        ],
        "compulsory": True,
        "calendar": "office",
        "claim_first": True,
        "calibration": 5,
        "name": "First <look>",
    }
    document["stages"][0]["seats"][0] |= {"fields": ["title", "body"], "routing": "round_robin", "category": "*"}
    document["stages"][2]["returns_to"] = "qa"
    document["stages"][2]["veto"] = False
    draft = draft_of(document)
    assert chief.submit(f"{URL}/faq", form(draft, began="1")).status_code == 303
    sent: dict[str, Any] = {}
    for name, value in fields_in(chief.get(f"{URL}/faq")):
        sent.setdefault(name, []).append(value)
    assert "Nothing was changed: version 2 stays." in words(chief.post(f"{URL}/faq", data=sent, follow_redirects=True))


class TestButtons:
    def test_adding_gives_the_form_back_and_saves_nothing(self, chief):
        draft, began = of("faq")
        draft["name"] = "Typed & not saved"
        answer = chief.submit(f"{URL}/faq", form(draft, began=began, act="add-seat:0"), to=f"{URL}/faq/draft")
        assert answer.status_code == 200
        sent = dict(fields_in(answer))
        assert sent["name"] == "Typed & not saved"
        assert sent["stages-0-seats-1-role"] == "training"
        (field,) = re.findall(r'<select[^>]*id="f-stages-0-seats-1-role"[^>]*>', answer.get_data(as_text=True))
        assert "autofocus" in field
        assert of("faq")[1] == "1"

    def test_checking_says_what_is_wrong_at_its_field(self, chief):
        draft = empty()
        act(draft, "add-question:0")
        draft["stages"][0]["checklist"][0] |= {"text": "?", "weight": "90"}
        answer = chief.submit(f"{URL}/new", form(draft, act="draw"), to=f"{URL}/new/draft")
        page = answer.get_data(as_text=True)
        assert 'href="#f-topics"' in page
        assert 'href="#f-stages-0-checklist"' in page
        assert 'id="f-stages-0-checklist"' in page
        assert re.search(r'<details class="more" id="more-0" open>', page)
        assert "The weights sum to 90; they must sum to 100." in words(page)
        sound = {**empty(), "topics": ["faq"], "categories": ["billing"]}
        answer = chief.submit(f"{URL}/new", form(sound, act="draw"), to=f"{URL}/new/draft")
        assert "Nothing is wrong with it. It is not saved yet." in words(answer)

    def test_a_reloaded_draft_is_the_editor(self, chief):
        assert chief.get(f"{URL}/faq/draft").location == f"{URL}/faq"
        assert chief.get(f"{URL}/new/draft").location == f"{URL}/new"

    def test_the_drawing_follows_what_is_typed(self, chief):
        draft, began = of("faq")
        draft["stages"][0] |= {"name": "前台看一眼", "due_hours": "8", "calendar": "office"}
        answer = chief.submit(f"{URL}/faq", form(draft, began=began, act=""), to=f"{URL}/faq/draft")
        page = answer.get_data(as_text=True)
        assert page.count("1 · 前台看一眼") >= 2  # the wide and the upright picture
        assert "style=" not in page
        draft["stages"][0]["due_hours"] = "soon"
        answer = chief.submit(f"{URL}/faq", form(draft, began=began, act=""), to=f"{URL}/faq/draft")
        assert "Something typed below is no value yet" in words(answer)


class TestRefusals:
    def wrong(self, chief, draft, key="faq", began="1"):
        answer = chief.submit(f"{URL}/{key}", form(draft, began=began))
        assert answer.status_code == 422
        assert of("faq")[1] == "1"
        return answer.get_data(as_text=True)

    def test_a_circle(self, chief):
        draft, _began = of("faq")
        draft["stages"][0]["returns_to"] = "qa"
        page = self.wrong(chief, draft)
        assert 'href="#f-stages-0-returns_to"' in page
        assert re.search(r'id="f-stages-0-returns_to-error">A send-back to this stage would go in a circle', page)

    def test_an_empty_seat(self, chief):
        draft, _began = of("faq")
        draft["stages"][0]["seats"][0]["role"] = "admin"
        page = self.wrong(chief, draft)
        assert re.search(r'id="f-stages-0-seats-0-role-error">Nobody can take this seat', page)

    def test_weights_of_ninety(self, chief):
        draft, _began = of("faq")
        draft["stages"][1]["checklist"] = [{"key": "", "text": "Right?", "weight": "90"}]
        page = self.wrong(chief, draft)
        assert '<p class="error">The weights sum to 90; they must sum to 100.</p>' in page
        assert 'value="90"' in page

    def test_more_approvals_than_people(self, chief):
        draft, _began = of("faq")
        draft["stages"][0]["seats"][0]["approvals"] = "4"
        assert "4 approvals are needed, but only 1 can sit here." in words(self.wrong(chief, draft))

    def test_a_kind_that_another_judges(self, chief):
        page = self.wrong(chief, {**empty(), "topics": ["faq"]}, key="new", began="0")
        assert "“FAQ” already judges FAQ." in words(page)

    def test_nothing_at_all(self, chief):
        assert chief.submit(f"{URL}/new", {"began": "0"}).status_code == 422
        answer = chief.submit(f"{URL}/new", form({**empty(), "stages": []}, began="0"))
        assert "A pipeline needs at least one stage." in words(answer)

    def test_a_stale_form_loses_nothing(self, chief):
        draft, began = of("faq")
        other = {**draft, "name": "Theirs"}
        assert chief.submit(f"{URL}/faq", form(other, began=began)).status_code == 303
        draft["stages"][0]["due_hours"] = "7"
        answer = chief.submit(f"{URL}/faq", form(draft, began=began))
        assert answer.status_code == 409
        assert "The chief has saved version 2 meanwhile." in words(answer)
        sent: dict[str, Any] = {}
        for name, value in fields_in(answer):
            sent.setdefault(name, []).append(value)
        assert sent["stages-0-due_hours"] == ["7"]
        assert sent["began"] == ["1"]
        answer = chief.post(f"{URL}/faq", data={**sent, "began": ["2", "1"]}, follow_redirects=True)
        assert "Saved as version 3." in words(answer)


class TestVersions:
    def test_what_changed_and_back_again(self, chief):
        draft, began = of("faq")
        draft["stages"][0] |= {"due_hours": "8", "calendar": "office"}
        chief.submit(f"{URL}/faq", form(draft, began=began))
        page = words(chief.text(f"{URL}/faq/versions"))
        assert "Stage Business reviewer Due after 24 h 8 h · " in page
        answer = chief.submit(f"{URL}/faq/versions", to=f"{URL}/faq/versions/1/restore", follow=True)
        assert "Version 1 is in use again, as version 3." in words(answer)
        assert of("faq")[0]["stages"][0]["due_hours"] == "24"

    def test_an_old_version_that_names_somebody_gone_opens_in_the_editor(self, chief):
        with writing():
            row = pipelines.newest("faq")
            gone = json.loads(json.dumps(row.document))
            gone["stages"][0]["calendar"] = "gone"
            session.add(Pipeline(key="faq", version=7, document=gone, active=False, created_at=row.created_at, name=""))
        answer = chief.submit(f"{URL}/faq/versions", to=f"{URL}/faq/versions/7/restore")
        assert answer.status_code == 422
        assert "There is no calendar gone here." in words(answer)

    def test_retiring(self, chief):
        answer = chief.submit(f"{URL}/faq", to=f"{URL}/faq/retire", follow=True)
        assert "Without this, FAQ would have no pipeline" in words(answer)
        draft = {**empty(), "name": "Billing", "topics": ["faq"], "categories": ["billing"]}
        chief.submit(f"{URL}/new", form(draft, began="0"))
        answer = chief.submit(f"{URL}/billing", to=f"{URL}/billing/retire", follow=True)
        assert "“Billing” is retired." in words(answer)
        assert "Retired (1)" in words(answer)


class TestBetweenInstallations:
    def test_export_and_import(self, chief):
        sent = chief.get(f"{URL}/faq.json")
        assert sent.headers["Content-Disposition"] == 'attachment; filename="pipeline-faq.json"'
        document = json.loads(sent.get_data())
        document["definition"]["stages"][0]["due_hours"] = 7
        answer = chief.submit(f"{URL}/import", text=json.dumps(document), follow=True)
        assert "“FAQ” was imported as version 2." in words(answer)
        assert of("faq")[0]["stages"][0]["due_hours"] == "7"

    def test_what_is_not_here_can_be_mended_in_the_editor(self, chief):
        document = json.loads(chief.get(f"{URL}/faq.json").get_data())
        document["definition"]["stages"][0]["seats"][0]["people"] = ["moon"]
        answer = chief.submit(f"{URL}/import", text=json.dumps(document))
        assert answer.status_code == 422
        assert 'id="f-stages-0-seats-0-people-error">There is nobody called moon here.' in answer.get_data(as_text=True)
        assert of("faq")[1] == "1"

    @pytest.mark.parametrize(
        "text", ["", "?", "[]", '{"spiral": "pipeline", "format": 1, "definition": {"stages": 7}}']
    )
    def test_what_is_no_pipeline(self, chief, text):
        answer = chief.submit(f"{URL}/import", text=text)
        assert answer.status_code == 422
        assert "This could not be imported; nothing was changed." in words(answer)

    def test_a_copy_begins_with_everything_but_what_it_judges(self, chief):
        sent = dict(fields_in(chief.get(f"{URL}/new?copy=faq")))
        assert sent["name"] == "Copy of FAQ"
        assert sent["stages-2-seats-0-role"] == "supervisor"
        assert "topics" not in sent


class TestDryRun:
    def test_where_it_would_go(self, chief, make):
        author = make.user("rep", "supervisor", name="Author", username="author")
        draft, began = of("faq")
        asked = {"try-kind": "faq", "try-author": author.username, "act": "try"}
        answer = chief.submit(f"{URL}/faq", form(draft, began=began, **asked), to=f"{URL}/faq/draft")
        page = words(answer)
        assert "It judges FAQ." in page
        assert "A send-back goes to the author; handed in again, it begins at Business reviewer." in page
        assert "Then it is published." in page
        trial = answer.get_data(as_text=True).split('id="trial"')[1]
        assert "Author" not in words(trial.split("</ol>")[0]).replace("Author (", "")

    def test_something_under_review(self, chief, make):
        submission = make.submission(kind="faq", title="退费怎么办")
        draft, began = of("faq")
        page = chief.text(f"{URL}/faq")
        found = re.search(r'<option value="(\d+)">退费怎么办', page)
        assert found
        asked = {"try-review": found[1], "try-kind": "sop", "act": "try"}
        answer = chief.submit(f"{URL}/faq", form(draft, began=began, **asked), to=f"{URL}/faq/draft")
        assert "It judges FAQ." in words(answer)
        assert submission.id

    def test_nobody_of_that_name(self, chief):
        draft, began = of("faq")
        answer = chief.submit(
            f"{URL}/faq", form(draft, began=began, act="try", **{"try-author": "moon"}), to=f"{URL}/faq/draft"
        )
        assert "There is nobody called moon here." in words(answer)


class TestApi:
    @pytest.mark.both_databases
    def test_read_and_write(self, api, make, chief):
        script = api(make.user("manager"))
        listed = script.ok("GET", "/pipelines")
        (faq,) = [one for one in listed["items"] if one["key"] == "faq"]
        assert {"key": "faq", "version": 1, "running": 0}.items() <= faq.items()
        found = script.get("/pipelines/faq")
        assert found.headers["ETag"] == '"1"'
        document = found.json
        document["definition"]["stages"][0]["due_hours"] = 7
        saved = script.ok("PUT", "/pipelines/faq", document)
        assert (saved["version"], saved["definition"]["stages"][0]["due_hours"]) == (2, 7)
        again = script.put("/pipelines/faq", document)
        assert (again.status_code, again.json["code"]) == (409, "pipeline-moved")
        assert script.put("/pipelines/faq", document | {"version": None}, If_Match='"1"').status_code == 412

    def test_refusals_stand_at_their_fields(self, api, make, chief):
        script = api(make.user("manager"))
        document = script.ok("GET", "/pipelines/faq")
        document["definition"]["stages"][0]["seats"][0]["team"] = "moon"
        answer = script.put("/pipelines/faq", document)
        assert answer.status_code == 422
        assert answer.json["errors"] == {"stages.0.seats.0.team": "There is no team moon here."}
        assert script.put("/pipelines/sop", document).status_code == 422
        assert script.get("/pipelines/moon").status_code == 404
        assert api(make.user("manager"), scopes=["read"]).put("/pipelines/faq", document).status_code == 403
