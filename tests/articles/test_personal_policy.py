"""What is done about numbers of people: told to the author, refused when a text is handed in, masked at a press."""

import logging

import pytest
import sqlalchemy as sa

from core.audit import TrailEntry
from core.db import reading, session, writing
from core.errors import Forbidden, Invalid
from tests.articles.test_file_forms import newest
from wiki.articles import ops, personal_policy
from wiki.articles.models import Revision, Submission, SubmissionState
from wiki.articles.personal import Kind
from wiki.articles.personal_models import Level
from wiki.articles.publishing import Row, import_row

PHONE = "13912345678"
MUST = {(kind, finding): Level.MUST for kind in ("faq", "public") for finding in Kind}


class TestHandingIn:
    def test_a_script_is_not_handed_in_with_a_number_of_a_person(self, db, make):
        author = make.actor()
        submission = make.submission(author, "script", fields={"say": f"请拨 {PHONE}"}, submitted=False)
        with pytest.raises(Invalid) as error:
            ops.submit(submission, author)
        assert list(error.value.errors) == ["fields.say"]
        assert "139****5678" in error.value.errors["fields.say"]
        assert PHONE not in error.value.sentence
        assert submission.state is SubmissionState.DRAFT

    @pytest.mark.parametrize("where", ["title", "body", "branches", "tags"])
    def test_wherever_it_stands(self, db, make, where):
        author, words = make.actor(), f"请拨 {PHONE}"
        about = {
            "title": {"title": words},
            "body": {"body": words},
            "branches": {"fields": {"branches": [{"when": "问电话", "say": words, "next": ""}]}},
            "tags": {"tags": [PHONE]},
        }[where]
        submission = make.submission(author, "script", submitted=False, **about)
        with pytest.raises(Invalid, match="masked first"):
            ops.submit(submission, author)

    def test_in_other_kinds_its_author_is_told_and_may_hand_it_in(self, db, make):
        assert make.submission(make.actor(), "faq", body=PHONE).state is SubmissionState.IN_REVIEW

    def test_what_customers_may_read_is_refused_in_every_kind(self, db, make):
        with pytest.raises(Invalid, match="masked first"):
            make.submission(make.actor(), "faq", body=PHONE, audience="public")

    def test_nor_is_it_put_on_the_reviewers_desks_later(self, db, make):
        author = make.actor()
        submission = make.submission(author, "script")
        with pytest.raises(Invalid, match="masked first"):
            ops.save(submission, author, make.content("script", body=PHONE))

    def test_saving_a_draft_is_always_possible(self, db, make):
        submission = make.submission(make.actor(), "script", body=PHONE, submitted=False)
        assert session.get_one(Revision, submission.head_revision_id).body == PHONE

    def test_the_manager_chooses(self, db, make):
        manager, author = make.actor("manager"), make.actor()
        personal_policy.choose(manager, MUST)
        with pytest.raises(Invalid, match="masked first"):
            make.submission(author, "faq", body=PHONE)
        personal_policy.choose(manager, {("script", finding): Level.OFF for finding in Kind})
        assert make.submission(author, "script", body=PHONE).state is SubmissionState.IN_REVIEW
        assert personal_policy.of_content("script", make.content("script", body=PHONE)) == []

    def test_one_kind_of_number_alone(self, db, make):
        personal_policy.choose(make.actor("manager"), {("script", Kind.MOBILE_CN): Level.WARN})
        author = make.actor()
        assert make.submission(author, "script", body=PHONE).state is SubmissionState.IN_REVIEW
        with pytest.raises(Invalid):
            make.submission(author, "script", body="卡号 4111111111111111")

    def test_what_was_chosen_is_on_the_trail_and_unchanged_things_are_not(self, db, make):
        manager = make.actor("manager")
        personal_policy.choose(manager, {("faq", Kind.CARD): Level.MUST, ("script", Kind.CARD): Level.MUST})
        notes = session.scalars(sa.select(TrailEntry.note).where(TrailEntry.subject_kind == "personal_rule")).all()
        assert notes == ["faq, card: must"]

    def test_nobody_else_chooses(self, db, make):
        for role in ("rep", "supervisor", "admin"):
            with pytest.raises(Forbidden):
                personal_policy.choose(make.actor(role), MUST)
            with pytest.raises(Forbidden):
                personal_policy.allow(make.actor(role), PHONE, "ours")


class TestNumbersThatAreNobodyS:
    def test_an_allowed_number_is_not_found_however_it_is_written(self, db, make):
        personal_policy.allow(make.actor("manager"), "+86 139-1234-5678", "our own hotline")
        for written in (PHONE, "139 1234 5678", "+8613912345678"):
            assert personal_policy.flaws("script", "internal", {"body": written}) == []
        assert personal_policy.flaws("script", "internal", {"body": "13912345679"}) != []

    def test_a_taiwanese_one_with_and_without_its_country(self, db, make):
        personal_policy.allow(make.actor("manager"), "+886 912 345 678", "our own hotline")
        for written in ("0912345678", "+886 912-345-678"):
            assert personal_policy.flaws("script", "internal", {"body": written}) == []

    def test_it_is_found_again_after_removal(self, db, make):
        manager = make.actor("manager")
        personal_policy.disallow(manager, personal_policy.allow(manager, PHONE, "ours").id)
        assert personal_policy.flaws("script", "internal", {"body": PHONE}) != []

    def test_allowing_it_again_changes_the_note(self, db, make):
        manager = make.actor("manager")
        personal_policy.allow(manager, PHONE, "ours")
        personal_policy.allow(manager, PHONE, "the branch's")
        assert [row.note for row in personal_policy.exceptions()] == ["the branch's"]

    @pytest.mark.parametrize(("number", "note"), [("10086", "x"), ("", "x"), (PHONE, " "), (f"{PHONE} {PHONE}", "x")])
    def test_what_would_not_be_found_or_is_nobody_s_without_a_reason(self, db, make, number, note):
        with pytest.raises(Invalid):
            personal_policy.allow(make.actor("manager"), number, note)


class TestImport:
    def test_a_row_that_must_be_masked_is_an_error_of_its_own(self, db, make):
        manager = make.actor("manager")
        with pytest.raises(Invalid) as error:
            import_row(manager, Row("x1", "script", make.content("script", body=PHONE)))
        assert error.value.code == "personal-data"
        assert list(error.value.errors) == ["body"]

    def test_a_row_that_only_warns_comes_in(self, db, make):
        content = make.content("faq", body=PHONE)
        assert import_row(make.actor("manager"), Row("x1", "faq", content)) == "created"
        assert [flaw.what for flaw in personal_policy.of_content("faq", content)] == ["Mobile number (mainland)"]


class TestInTheEditor:
    def write(self, browser, page="/new/script", **fields):
        return browser.submit(page, {"title": "A title", "scenario": "when", "say": "so", **fields})

    def test_after_saving_the_author_is_shown_each_number_where_it_stands(self, make, signed_in):
        browser = signed_in(make.user())
        where = self.write(browser, body=f"前文请拨 {PHONE} 联系客户").location
        page = browser.text(where)
        assert f"前文请拨 <mark>{PHONE}</mark> 联系客户" in page
        assert "Mask: 139****5678" in page

    def test_each_number_is_shown_once_also_in_the_branches_of_a_script(self, make, signed_in):
        browser = signed_in(make.user())
        branches = {"branches-0-when": f"问 {PHONE}", "branches-0-say": "稍等", "branches-1-when": "不问"}
        page = browser.text(self.write(browser, **branches).location)
        assert page.count("Mask: 139****5678") == 1

    def test_handing_in_leads_back_to_the_field(self, make, signed_in):
        browser = signed_in(make.user())
        answer = self.write(browser, say=f"请拨 {PHONE}", verb="submit")
        page = browser.text(answer.location)
        assert 'id="f-say-error"' in page
        assert "139****5678" in page
        with reading():
            assert session.scalars(sa.select(Submission.state)).one() is SubmissionState.DRAFT

    def test_one_press_masks_one_number_wherever_it_stands(self, make, signed_in):
        browser = signed_in(make.user())
        self.write(browser, title=f"拨 {PHONE}", say=f"{PHONE} 或 13912345679", mask=PHONE)
        saved = newest()
        assert saved.title == "拨 139****5678"
        assert saved.fields["say"] == r"139\*\*\*\*5678 或 13912345679"

    def test_one_press_masks_all_and_the_text_goes_its_way(self, make, signed_in):
        browser = signed_in(make.user())
        branch = {"branches-0-when": f"问 {PHONE}", "branches-0-say": PHONE}
        answer = self.write(browser, body=f"{PHONE}，卡 4111 1111 1111 1111", mask="*", **branch)
        page = browser.text(answer.location)
        assert "Mask:" not in page
        saved = newest()
        assert saved.body == r"139\*\*\*\*5678，卡 4111 \*\*\*\* \*\*\*\* 1111"
        assert saved.fields["branches"] == [{"when": "问 139****5678", "say": r"139\*\*\*\*5678", "next": ""}]
        number = answer.location.split("/")[-2]
        browser.submit(f"/submissions/{number}/edit", to=f"/submissions/{number}/submit")
        with reading():
            assert session.scalars(sa.select(Submission.state)).one() is SubmissionState.IN_REVIEW

    def test_masking_twice_is_masking_once(self, make, signed_in):
        browser = signed_in(make.user())
        where = self.write(browser, body=PHONE, mask="*").location
        body = newest().body
        self.write(browser, where, body=body, mask="*")
        assert newest().body == body

    def test_a_text_without_numbers_asks_nothing_of_the_database(self, app, make, query_count):
        with reading(), query_count() as statements:
            personal_policy.of_content("script", make.content("script", body="先安抚,再核对。"))
        assert not [statement for statement in statements if "personal_" in statement]

    def test_what_was_found_is_never_logged(self, make, signed_in, caplog):
        caplog.set_level(logging.DEBUG)
        browser = signed_in(make.user())
        self.write(browser, body=PHONE, verb="submit")
        assert PHONE not in caplog.text
        with reading():
            notes = session.scalars(sa.select(TrailEntry.note)).all()
            assert not any(PHONE in (note or "") for note in notes)


def test_a_program_is_told_what_it_sent(make, api):
    script = api(make.user())
    sent = {"kind": "script", "title": "x", "body": PHONE, "fields": {"scenario": "x", "say": "x"}}
    made = script.ok("POST", "/submissions", sent)
    assert made["personal"] == [{"field": "body", "kind": "mobile_cn", "masked": "139****5678", "must_be_masked": True}]
    refused = script.post(f"/submissions/{made['id']}/submit")
    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["body"]
    assert PHONE not in refused.get_data(as_text=True)


class TestTheManagerSPage:
    def test_what_is_chosen_is_kept(self, make, signed_in):
        browser = signed_in(make.user("manager"))
        browser.submit("/admin/personal-data", {"faq-card": "must", "script-card": "off", "faq-id_cn": "nonsense"})
        with reading():
            rules = personal_policy.rules()
        assert rules["faq", Kind.CARD] is Level.MUST
        assert rules["script", Kind.CARD] is Level.OFF
        assert rules["faq", Kind.ID_CN] is Level.WARN

    def test_a_number_is_allowed_and_taken_back(self, make, signed_in):
        browser = signed_in(make.user("manager"))
        browser.submit("/admin/personal-data", {"number": PHONE, "note": "ours"}, to="/admin/personal-data/numbers")
        assert PHONE in browser.text("/admin/personal-data")
        browser.submit("/admin/personal-data", to="/admin/personal-data/numbers/1/remove")
        assert PHONE not in browser.text("/admin/personal-data")

    def test_what_cannot_be_taken_is_said(self, make, signed_in):
        browser = signed_in(make.user("manager"))
        answer = browser.submit("/admin/personal-data", {"number": "1", "note": "x"}, to="/admin/personal-data/numbers")
        assert answer.status_code == 422
        assert "would find" in answer.get_data(as_text=True)


@pytest.mark.both_databases
def test_rules_and_exceptions_live_in_both_databases(app, make):
    manager = make.actor("manager")
    with writing():
        personal_policy.choose(manager, MUST)
        personal_policy.allow(manager, PHONE, "ours")
    with reading():
        assert personal_policy.rules()["faq", Kind.CARD] is Level.MUST
        assert PHONE in personal_policy.allowed()
