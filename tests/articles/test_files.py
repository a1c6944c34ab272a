"""Pictures and documents: what is kept of them, who may fetch them, and that nothing in them ever runs."""

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from core import clock as core_clock
from core.db import reading, session, writing
from core.errors import Conflict, Invalid, NotFound
from tests.support.files import pdf, picture
from wiki.articles import files
from wiki.articles.file_models import FileEntry


def test_a_picture_is_kept_with_its_size_and_a_thumbnail(db, make):
    entry = files.keep(make.actor(), "账单 截图(1).PNG", picture(600, 300))
    assert (entry.name, entry.media_type, entry.width, entry.height) == ("账单-截图-1.png", "image/png", 600, 300)
    assert entry.url == f"/files/{entry.id}/账单-截图-1.png"
    assert entry.markdown() == f"![账单-截图-1]({entry.url})"
    small = Image.open(io.BytesIO(files.opened(entry, small=True).read()))
    assert (small.format, small.size) == ("WEBP", (480, 240))


def test_a_document_is_kept_byte_for_byte(db, make):
    entry = files.keep(make.actor(), "rules.pdf", pdf())
    assert files.opened(entry).read() == pdf()
    assert entry.markdown("the rules") == f"[the rules]({entry.url})"


def test_the_same_bytes_of_the_same_person_are_kept_once(db, make):
    one, other = make.actor(), make.actor()
    first = files.keep(one, "a.png", picture())
    assert files.keep(one, "b.png", picture()).id == first.id
    assert files.keep(other, "a.png", picture()).id != first.id


def test_what_does_not_fit_into_the_quota_is_refused_in_a_sentence(db, make, app):
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update={"file_quota_mb": 1})
    who, rest = make.actor(), b"%PDF-1.7\n" + b"x" * 900_000 + b"%%EOF"
    files.keep(who, "a.pdf", rest)
    with pytest.raises(Invalid, match="used up"):
        files.keep(who, "b.pdf", rest + b"\n")
    assert files.used_by(who) == len(rest)


def test_a_file_that_no_saved_text_refers_to_is_removed_with_its_bytes(make, app):
    who = make.actor()
    with writing():
        entry = files.keep(who, "a.png", picture())
        paths = [files.stored().path_of(key) for key in (entry.key, entry.small_key)]
    assert all(path.is_file() for path in paths)
    with writing():
        files.remove(session.get_one(FileEntry, entry.id), who)
    assert not any(path.exists() for path in paths)


def test_a_file_in_a_saved_text_stays(db, make):
    who = make.actor()
    entry = files.keep(who, "a.png", picture())
    make.submission(who, body=f"See {entry.markdown()}", submitted=False)
    with pytest.raises(Conflict, match="stays"):
        files.remove(entry, who)


def test_somebody_elses_file_cannot_be_removed(db, make):
    entry = files.keep(make.actor(), "a.png", picture())
    with pytest.raises(NotFound):
        files.remove(entry, make.actor("manager"))


def test_bytes_without_a_row_are_swept_and_the_others_stay(make, app, monkeypatch):
    who = make.actor()
    with writing():
        entry = files.keep(who, "a.png", picture())
    orphan = files.stored().path_of(files.stored().put(b"left behind"))
    half = Path(str(orphan) + ".new")
    half.write_bytes(b"half")
    with writing():
        files.sweep()
    assert orphan.exists()  # somebody may be about to commit it
    monkeypatch.setattr(files, "ORPHANED", -5.0)
    with writing():
        files.sweep()
    assert not orphan.exists()
    assert not half.exists()
    assert files.opened(entry).read()
    assert files.opened(entry, small=True).read()


def test_a_refused_save_keeps_no_row(make, app):
    who = make.actor()
    with writing():
        files.keep(who, "a.png", picture())
        session.rollback()
    with reading():
        assert session.scalar(sa.select(sa.func.count(FileEntry.id))) == 0


def test_a_row_never_changes(db, make):
    entry = files.keep(make.actor(), "a.png", picture())
    with pytest.raises(sa.exc.DBAPIError, match="never change"), session.begin_nested():
        session.execute(sa.update(FileEntry).where(FileEntry.id == entry.id).values(name="other.png"))


def test_the_time_is_ours(db, make, clock):
    assert files.keep(make.actor(), "a.png", picture()).created_at == core_clock.now()


class TestOverHttp:
    def send(self, browser, data: bytes, name: str = "a.png", **headers: str):
        token = browser.csrf("/files")
        body = {"file": (io.BytesIO(data), name), "csrf_token": token}
        return browser.post("/files", data=body, headers=headers)

    def test_the_editor_brings_a_picture_and_is_told_where_it_is(self, make, signed_in):
        answer = self.send(signed_in(make.user()), picture(20, 10), Accept="application/json")
        assert answer.status_code == 201
        assert {key: answer.json[key] for key in ("name", "width", "height", "media_type")} == {
            "name": "a.png", "width": 20, "height": 10, "media_type": "image/png",
        }  # fmt: skip
        assert answer.json["url"] == f"/files/{answer.json['id']}/a.png"

    def test_a_script_brings_and_fetches_one(self, make, api):
        script = api(make.user())
        headers = {"Authorization": f"Bearer {script.token}"}
        body = {"file": (io.BytesIO(picture()), "a.png")}
        made = script.client.post("/api/v1/files", data=body, headers=headers)
        assert made.status_code == 201
        assert script.get(made.json["url"]).mimetype == "image/png"

    def test_what_is_refused_is_said_in_a_sentence(self, make, signed_in):
        browser = signed_in(make.user())
        assert "allowed are PNG" in self.send(browser, b"<svg/>", "a.svg", Accept="application/json").json["detail"]
        answer = self.send(browser, b"<html>", "a.png")
        assert answer.status_code == 422
        assert "allowed are PNG" in answer.get_data(as_text=True)

    def test_without_script_one_s_files_are_listed(self, make, signed_in):
        browser = signed_in(make.user())
        assert self.send(browser, picture()).status_code == 302
        assert "![a](/files/" in browser.text("/files")

    def test_a_file_is_handed_out_in_a_box_of_its_own(self, make, signed_in):
        browser = signed_in(make.user())
        url = self.send(browser, picture(), Accept="application/json").json["url"]
        answer = browser.get(url)
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["Content-Disposition"].startswith("inline")
        assert browser.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304

    def test_a_document_is_saved_and_not_shown(self, make, signed_in):
        browser = signed_in(make.user())
        url = self.send(browser, pdf(), "资费.pdf", Accept="application/json").json["url"]
        said = browser.get(url).headers["Content-Disposition"]
        assert said.startswith("attachment")
        assert "filename*=UTF-8''%E8%B5%84%E8%B4%B9.pdf" in said

    def test_the_thumbnail_is_asked_for_by_size(self, make, signed_in):
        browser = signed_in(make.user())
        url = self.send(browser, picture(960, 10), Accept="application/json").json["url"]
        assert Image.open(io.BytesIO(browser.get(url + "?size=small").data)).size == (480, 5)

    def test_a_body_may_be_as_large_as_one_file_and_no_larger(self, app, make, signed_in):
        browser = signed_in(make.user())
        assert self.send(browser, b"%PDF-" + b"x" * (11 << 20) + b"%%EOF", Accept="application/json").status_code == 422
        assert self.send(browser, b"x" * (13 << 20), Accept="application/json").status_code == 413
