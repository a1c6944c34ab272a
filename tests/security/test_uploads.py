"""What people bring may be hostile: it is known by its content, drawn anew, and kept from those who may not read it."""

import io
import struct
import threading
import zipfile
import zlib

import pytest
import sqlalchemy as sa
from PIL import Image

from core.db import reading, session, writing
from core.errors import Invalid
from tests.support.files import office, pdf, picture
from wiki.articles import exact, files, media
from wiki.articles.file_models import FileEntry, FileReference
from wiki.articles.file_permissions import FileP
from wiki.articles.media import examined

SCRIPT = b"<script>alert(1)</script>"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def bomb(entries: int = 1, size: int = 50 << 20) -> bytes:
    return office(**{f"word__media__{n}.bin": b"\0" * size for n in range(entries)})


def encrypted() -> bytes:
    data = bytearray(office())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    return bytes(data)


REFUSED = [
    ("a drawing that may carry a script", "a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
    ("a drawing that calls itself a picture", "a.png", b'<?xml version="1.0"?><svg/>'),
    ("a page", "a.html", b"<!doctype html>" + SCRIPT),
    ("a page that calls itself a picture", "a.png", b"<html>" + SCRIPT),
    ("a page that calls itself a text", "a.txt", b"\n\n <HTML>" + SCRIPT),
    ("a page in a wide encoding that calls itself a table", "a.csv", "<html>".encode("utf-16")),
    ("a program", "a.exe", b"MZ\x90\0" + b"\0" * 60),
    ("a program that calls itself a text", "a.txt", b"MZ\x90\0" + b"\0" * 60),
    ("a script that calls itself what it is", "a.js", b"alert(1)"),
    ("an archive", "a.zip", office("anything.txt")),
    ("an archive that calls itself a document", "a.docx", office("anything.txt")),
    ("two documents in one", "a.docx", office(**{"xl__workbook.xml": b"<x/>"})),
    ("a document with macros", "a.docx", office(**{"word__vbaProject.bin": b"x"})),
    ("a document with macros under its own name", "a.docm", office(types="<x macroEnabled/>")),
    ("a document with active parts", "a.docx", office(**{"word__activeX__activeX1.bin": b"x"})),
    ("a document under a password", "a.docx", encrypted()),
    ("a document with a way out of its folder", "a.docx", office(**{"..__..__evil": b"x"})),
    ("a document with an absolute path", "a.docx", office(__etc__passwd=b"x")),
    ("a document with something after its end", "a.docx", office() + SCRIPT),
    ("a document with something before it", "a.docx", SCRIPT + office()),
    ("a document that unpacks a thousandfold", "a.docx", bomb()),
    ("a document of too many parts", "a.docx", office(**{f"p{n}": b"" for n in range(3_100)})),
    ("a picture of 50,000 x 50,000 points", "a.png", png_header(50_000, 50_000)),
    ("a picture of 8,000 x 6,000 points", "a.png", png_header(8_000, 6_000)),
    ("a picture one point high", "a.png", png_header(30_000, 1)),
    ("a picture that ends too early", "a.jpg", picture(200, 200, "JPEG")[:-200]),
    ("a picture whose points are missing", "a.png", png_header(100, 100)),
    ("only the beginning of a picture", "a.gif", b"GIF89a"),
    ("only the beginning of another", "a.webp", b"RIFF\x10\0\0\0WEBPVP8 "),
    ("the beginning of a PDF only", "a.pdf", b"%PDF-1.7\n" + b"x" * 5000),
    ("a PDF with something before it", "a.pdf", SCRIPT + pdf()),
    ("nothing", "a.png", b""),
]  # fmt: skip


@pytest.mark.parametrize(("what", "name", "data"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused_in_a_sentence(app, what, name, data):
    with pytest.raises(Invalid) as error:
        examined(name, data)
    assert error.value.errors["file"].startswith("«")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_nothing_hidden_behind_a_picture_is_kept(app, form):
    found = examined(f"a.{form.lower()}", picture(form=form) + SCRIPT + office())
    assert b"script" not in found.data
    assert b"PK" not in found.data
    assert exact.is_bare(found.data)


def test_nothing_that_a_photo_says_beside_its_points_is_kept(app):
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # to be turned by ninety degrees
    data = picture(40, 20, "JPEG", exif=exif, comment=b"a comment", icc_profile=b"profile" * 40)
    found = examined("a.jpg", data)
    for word in (b"taken at home", b"a comment", b"profile", b"Exif"):
        assert word in data
        assert word not in found.data + (found.small or b"")
    assert (found.width, found.height) == (20, 40)


def test_words_in_a_png_are_not_kept(app):
    from PIL.PngImagePlugin import PngInfo

    words = PngInfo()
    words.add_text("Comment", "<script>")
    assert b"<script>" not in examined("a.png", picture(pnginfo=words)).data


def test_only_the_first_picture_of_a_moving_one_is_kept(app):
    out = io.BytesIO()
    frames = [Image.new("P", (4, 4), n) for n in range(5)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    found = examined("a.gif", out.getvalue())
    assert (found.name, found.media_type) == ("a.png", "image/png")
    assert Image.open(io.BytesIO(found.data)).format == "PNG"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_taken(app, mode):
    assert examined("a.png", picture(mode=mode)).width == 8


def test_see_through_stays_see_through(app):
    found = examined("a.png", picture(mode="RGBA"))
    assert Image.open(io.BytesIO(found.data)).getpixel((0, 0)) == (0, 0, 0, 0)


TAKEN = [
    ("a.jpeg.png", picture(form="JPEG"), "a.jpeg.jpg", "image/jpeg"),
    ("photo.jpeg", picture(form="JPEG"), "photo.jpeg", "image/jpeg"),
    ("a.exe", picture(), "a.png", "image/png"),
    ("page.html", pdf(), "page.pdf", media.PDF),
    ("a.zip", office(), "a.docx", DOCX),
    ("a.docm", office("xl/workbook.xml"), "a.xlsx", media.OFFICE["xl/workbook.xml"][1]),
    ("资费.csv", "套餐,月费\n甲,10\n".encode("gb18030"), "资费.csv", "text/csv"),
    ("a.txt", "记事".encode("utf-16"), "a.txt", "text/plain"),
]


@pytest.mark.parametrize(("name", "data", "called", "kind"), TAKEN, ids=[row[0] for row in TAKEN])
def test_the_content_says_what_it_is_and_what_it_is_called(app, name, data, called, kind):
    found = examined(name, data)
    assert (found.name, found.media_type) == (called, kind)


def test_texts_are_kept_in_one_encoding(app):
    assert examined("a.csv", "\ufeff套餐".encode()).data == examined("b.csv", "套餐".encode("gb18030")).data


NAMES = [
    ("../../etc/passwd.png", "passwd.png"), ("C:\\temp\\a.png", "a.png"), ("/abs/a.png", "a.png"),
    ("a\0b.png", "ab.png"), ("a\r\nSet-Cookie: x=1.png", "a-Set-Cookie-x-1.png"), ("..", "file.png"),
    (".png", "png.png"), ("", "file.png"), ("a](x)![b.png", "a-x-b.png"),
    ('"><img src=x onerror=alert(1)>.png', "img-src-x-onerror-alert-1.png"),
    ("x" * 500 + ".png", "x" * 116 + ".png"), ("%2e%2e%2fa.png", "2e-2e-2fa.png"), ("a\u202egpj.exe", "a-gpj.png"),
    ("a.png/", "file.png"), ("a b\tc.PNG", "a-b-c.png"), ("javascript:alert(1).png", "javascript-alert-1.png"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "kept"), NAMES, ids=[repr(row[0][:20]) for row in NAMES])
def test_a_name_is_only_a_name(app, given, kept):
    assert examined(given, picture()).name == kept


class TestExact:
    """What comes from an export is kept byte for byte, if it is what we would have made."""

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_what_was_drawn_anew_once_comes_back_as_it_is(self, app, form):
        noise = Image.effect_noise((50, 40), 80).convert("RGB")
        out = io.BytesIO()
        noise.save(out, form)
        once = examined("a", out.getvalue()).data
        assert examined("a", once, exact=True).data == once

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_what_hides_something_does_not(self, app, form):
        data = picture(form=form) + SCRIPT
        assert examined("a", data, exact=True).data != data

    def test_a_comment_hides_something(self, app):
        assert not exact.is_bare(picture(form="JPEG", comment=SCRIPT))

    @pytest.mark.parametrize(
        "data", [b"", b"\x89PNG", b"\xff\xd8", b"\xff\xd8\xff", b"RIFF", b"\xff\xd8\xff\xda\0\2\xff"]
    )
    def test_pieces_are_not_bare(self, data):
        assert not exact.is_bare(data)


@pytest.mark.both_databases
def test_uploads_at_once_do_not_pass_the_quota_together(app, make):
    app.config["SPIRAL"] = app.config["SPIRAL"].model_copy(update={"file_quota_mb": 1})
    who, refused = make.actor(), []

    def bring(number: int) -> None:
        with app.app_context():
            try:
                with writing():
                    files.keep(who, "a.pdf", b"%PDF-" + bytes([65 + number]) * 400_000 + b"%%EOF")
            except Invalid as error:
                refused.append(error)

    threads = [threading.Thread(target=bring, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading():
        assert session.scalar(sa.select(sa.func.count(FileEntry.id))) == 2
        assert files.used_by(who) <= 1 << 20
    assert len(refused) == 4


@pytest.mark.both_databases
def test_the_same_bytes_at_once_are_one_file(app, make):
    who, found = make.actor(), []

    def bring() -> None:
        with app.app_context(), writing():
            found.append(files.keep(who, "a.png", picture()).id)

    threads = [threading.Thread(target=bring) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


class Circle:
    """One file in every place that a text can be in, and everybody who might want it."""

    def __init__(self, make) -> None:
        self.make = make
        self.author, self.rep = make.actor("rep"), make.actor("rep")
        self.qa, self.business = make.actor("qa"), make.actor("business")
        self.manager, self.admin = make.actor("manager"), make.actor("admin")

    def file(self) -> FileEntry:
        return files.keep(self.author, "a.png", picture(width=8 + self.make.number()))

    def seen(self, entry: FileEntry) -> set[str]:
        from core.permissions import can

        people = ("author", "rep", "qa", "business", "manager", "admin")
        return {name for name in people if can(getattr(self, name), FileP.READ_FILE, entry)}


@pytest.fixture
def circle(db, make) -> Circle:
    make.pipeline("business")
    return Circle(make)


EVERYBODY = {"author", "rep", "qa", "business", "manager", "admin"}
QA_ONLY = {"audience": "restricted", "readers": ["role:qa"]}


class TestWhoMayFetch:
    def test_what_stands_nowhere_is_its_owner_s(self, circle):
        assert circle.seen(circle.file()) == {"author"}

    def test_what_stands_in_a_draft_is_its_author_s(self, circle, make):
        entry = circle.file()
        make.submission(circle.author, body=entry.markdown(), submitted=False)
        assert circle.seen(entry) == {"author"}

    def test_what_is_under_review_is_for_its_reviewers_and_the_manager(self, circle, make):
        entry = circle.file()
        make.submission(circle.author, body=entry.markdown())
        assert circle.seen(entry) == {"author", "business", "manager"}

    @pytest.mark.parametrize("audience", ["public", "internal"])
    def test_what_is_published_is_for_all_staff(self, circle, make, audience):
        entry = circle.file()
        make.article(circle.author, body=entry.markdown(), audience=audience)
        assert circle.seen(entry) == EVERYBODY

    def test_what_is_published_for_a_closed_circle_stays_there(self, circle, make):
        entry = circle.file()
        make.article(circle.author, body=entry.markdown(), **QA_ONLY)
        assert circle.seen(entry) == {"author", "qa", "manager", "business"}  # who judged it read it

    def test_a_file_in_a_field_is_read_with_the_field(self, circle, make):
        entry = circle.file()
        make.article(circle.author, fields={"answer": entry.markdown()})
        assert circle.seen(entry) == EVERYBODY

    def test_what_was_retired_is_gone_for_readers(self, circle, make):
        from wiki.articles.publishing import retire

        entry = circle.file()
        retire(make.article(circle.author, body=entry.markdown()), circle.manager, reason="old")
        assert circle.seen(entry) == {"author", "business", "manager"}

    def test_an_older_version_is_read_with_its_file(self, circle, make):
        entry = circle.file()
        article = make.article(circle.author, body=entry.markdown())
        make.article(circle.author, article=article.slug, body="without")
        assert circle.seen(entry) == EVERYBODY

    def test_an_older_version_of_a_closed_circle_stays_there_when_the_article_is_opened(self, circle, make):
        entry = circle.file()
        article = make.article(circle.author, body=entry.markdown(), **QA_ONLY)
        make.article(circle.author, article=article.slug, body="for all", audience="internal", readers=[])
        assert "rep" not in circle.seen(entry)
        assert "qa" in circle.seen(entry)

    def test_what_was_withdrawn_is_no_longer_in_the_reviewers_hands_but_was_read(self, circle, make):
        from wiki.articles import ops

        entry = circle.file()
        submission = make.submission(circle.author, body=entry.markdown())
        ops.withdraw(submission, circle.author)
        assert "rep" not in circle.seen(entry)

    def test_naming_somebody_else_s_file_opens_nothing(self, circle, make):
        """The numbers are easily guessed: a text of one's own must not be a key to them."""
        entry = circle.file()
        make.submission(circle.rep, body=entry.markdown(), submitted=False)
        make.article(circle.rep, body=entry.markdown())
        assert circle.seen(entry) == {"author"}
        assert session.scalar(sa.select(sa.func.count()).select_from(FileReference)) == 0

    def test_a_colleague_who_may_read_it_may_use_it_again(self, circle, make):
        entry = circle.file()
        make.article(circle.author, body=entry.markdown(), **QA_ONLY)
        make.article(circle.qa, body=entry.markdown())
        assert circle.seen(entry) == EVERYBODY

    def test_a_number_of_nothing_does_no_harm(self, circle, make):
        make.submission(circle.author, body="![x](/files/999999999/x.png) ![x](/files/0/x)", submitted=False)


def test_over_http_what_may_not_be_read_is_not_there(app, make, signed_in):
    author, other = make.user(), make.user()
    with writing():
        from accounts.people import actor_of

        entry = files.keep(actor_of(session.merge(author)), "a.png", picture())
    mine, theirs = signed_in(author), signed_in(other)
    for path in (entry.url, entry.url + "?size=small", f"/files/{entry.id}/other.png"):
        assert mine.get(path).status_code == 200
        refused = theirs.get(path, headers={"If-None-Match": mine.get(path).headers["ETag"]})
        assert refused.status_code == 404
    assert app.test_client().get(entry.url).status_code == 302
    assert theirs.submit("/files", to=f"/files/{entry.id}/remove").status_code == 404


def test_a_file_name_cannot_break_out_of_any_page(app, make, signed_in):
    browser = signed_in(make.user())
    name = "\"><img src=x onerror=alert(1)>'](javascript:alert(1)).png"
    token = browser.csrf("/files")
    browser.post("/files", data={"file": (io.BytesIO(picture()), name), "csrf_token": token})
    page = browser.text("/files")
    assert "onerror=alert" not in page
    assert "javascript:alert" not in page


def test_a_document_with_a_lying_length_is_refused(app):
    data = bytearray(office(**{"word__media__x.bin": b"y" * 1000}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 20 : at + 24] = struct.pack("<I", 10_000_000)  # packed larger than the whole
    with pytest.raises(Invalid):
        examined("a.docx", bytes(data))


def test_a_document_may_hold_what_documents_hold(app):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:p>资费说明</w:p>" * 20_000)
        archive.writestr("word/media/image1.png", picture(300, 300))
    assert examined("手册.docx", out.getvalue()).media_type == DOCX
