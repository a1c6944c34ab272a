"""Where files lie: a folder or a bucket, the same to everybody above them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from accounts.people import actor_of
from core.addresses import FileStore, file_store
from core.bucket import Bucket, signed
from core.db import has_session, session, writing
from core.errors import DiskFull, Unavailable
from core.settings import Settings, SettingsError, load
from core.store import Missing, Store
from core.vault import Vault
from tests.clients import Browser
from tests.make import Make
from tests.support.files import pdf, picture
from tests.support.s3 import Shelf
from wiki.articles import files
from wiki.articles.file_models import FileEntry
from wiki.exchange import ops as imports
from wiki.exchange.models import Import


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with Shelf() as shelf:
        yield shelf


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, shelf: Shelf) -> Store:
    return Vault(tmp_path / "files") if request.param == "folder" else Bucket(file_store(shelf.url), "files")


def test_what_is_put_is_there_until_it_is_removed(store: Store) -> None:
    keys = [store.put(bytes([n]) * n) for n in range(5)]
    given = store.put(b"chosen", key="0123456789abcdef0123456789abcdef")
    assert [store.open(key).read() for key in keys] == [bytes([n]) * n for n in range(5)]
    assert store.open(given).size == 6
    assert {(item.key, item.size) for item in store.each()} == {*((key, n) for n, key in enumerate(keys)), (given, 6)}
    assert all(abs(item.at - datetime.now(UTC).timestamp()) < 3600 for item in store.each())
    for _twice in range(2):
        store.remove(given)
    with pytest.raises(Missing):
        store.open(given)
    assert len(list(store.each())) == 5


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 32, "ab" * 15])
def test_only_keys_of_the_store_reach_it(store: Store, key: str) -> None:
    with pytest.raises(ValueError):
        store.open(key)


def test_two_who_see_the_same_store_tell_the_same(tmp_path: Path, shelf: Shelf) -> None:
    assert Vault(tmp_path / "a").mark() == Vault(tmp_path / "a").mark() != Vault(tmp_path / "b").mark()
    place = file_store(shelf.url)
    assert Bucket(place, "files").mark() == Bucket(place._replace(address="http://other"), "files").mark()
    assert Bucket(place, "files").mark() != Bucket(place._replace(prefix="x"), "files").mark()


# ── the wire ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_signature_is_that_of_the_published_example() -> None:
    """'Example: GET Object' of the reference of Signature Version 4 for S3."""
    place = FileStore(
        None, "https://examplebucket.s3.amazonaws.com", "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "examplebucket", "", "us-east-1",
    )  # fmt: skip
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    at = datetime(2013, 5, 24, tzinfo=UTC)
    word = signed("GET", place, "/test.txt", {}, empty, at, {"range": "bytes=0-9"})["authorization"]
    assert word.endswith("Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")
    listed = signed("GET", place, "/", {"max-keys": "2", "prefix": "J"}, empty, at)["authorization"]
    assert listed.endswith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")


def test_a_wrong_secret_opens_nothing(shelf: Shelf) -> None:
    wrong = file_store(shelf.url)._replace(secret="another")
    with pytest.raises(Unavailable):
        Bucket(wrong, "files").put(b"x")
    assert shelf.things == {}


def test_a_store_that_is_full_away_or_breaks_off_says_so(shelf: Shelf) -> None:
    bucket = Bucket(file_store(shelf.url), "files")
    key = bucket.put(b"x" * 1000)
    shelf.mode = "full"
    with pytest.raises(DiskFull):
        bucket.put(b"y")
    shelf.mode = "cuts"
    with pytest.raises((OSError, Exception), match=r"too early|IncompleteRead|broken"):
        bucket.open(key).read()
    shelf.mode = "away"
    for act in (lambda: bucket.open(key), lambda: bucket.put(b"y"), lambda: list(bucket.each())):
        with pytest.raises(Unavailable):
            act()
    shelf.mode = "serves"
    assert bucket.open(key).read() == b"x" * 1000


@pytest.mark.parametrize(
    "url",
    ["s3://host/bucket", "s3://a:b@host", "s3://a:b@host/Bucket", "file://host/x", "file:///", "http://a:b@c/d",
     "s3://a:b@host/bucket?secret=1", "s3://a:b@host/bucket/x y"],
)  # fmt: skip
def test_a_malformed_address_names_the_setting(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="SPIRAL_FILES_URL"):
        load({"var": tmp_path, "files_url": url}, environ={})


def test_the_secret_is_not_shown(tmp_path: Path, shelf: Shelf) -> None:
    shown = load({"var": tmp_path, "files_url": shelf.url}, environ={}).shown()["files_url"]
    assert shown == f"s3+http://***@{shelf.address}/knowledge/spiral?region=eu-test-1"


# ── the product upon a bucket ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def settings(engine: str, tmp_path: Path, shelf: Shelf) -> Settings:
    chosen = {"var": tmp_path, "database_url": engine, "locale": "en", "files_url": shelf.url}
    return load({**chosen, "threads": 4, "allow_unsafe_database": True}, environ={})


def test_files_in_a_bucket_are_fetched_by_those_who_may(
    app: Any, make: Make, signed_in: Callable[..., Browser], shelf: Shelf, tmp_path: Path
) -> None:
    owner = make.user()
    with writing():
        entry = files.keep(actor_of(owner), "收费 规则.pdf", pdf("x" * 500_000))
        shown = files.keep(actor_of(owner), "a.png", picture(600, 300))
    assert len(shelf.things) == 3
    assert not (tmp_path / "files").exists()
    browser = signed_in(owner)
    answer = browser.get(entry.url)
    assert answer.data == pdf("x" * 500_000)
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "%E6%94%B6%E8%B4%B9" in answer.headers["Content-Disposition"]
    assert browser.get(entry.url, headers={"Range": "bytes=0-7"}).data == b"%PDF-1.7"
    assert browser.get(entry.url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert browser.get(shown.url + "?size=small").content_type == "image/webp"
    before = len(shelf.asked)
    assert signed_in(make.user()).get(entry.url).status_code == 404
    assert len(shelf.asked) == before, "who may not read is refused before the store is asked"
    shelf.mode = "away"
    assert browser.get(entry.url).status_code == 504
    shelf.mode = "serves"
    with writing():
        files.remove(session.get_one(FileEntry, entry.id), actor_of(owner))
    assert len(shelf.things) == 2
    shelf.things.clear()
    assert browser.get(shown.url).status_code == 404


def test_nobody_waits_for_a_lock_while_the_bucket_is_waited_for(
    app: Any, make: Make, signed_in: Callable[..., Browser], shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, within = Bucket.put, list[bool]()

    def watched(self: Bucket, data: bytes, *, key: str = "") -> str:
        within.append(has_session())
        return put(self, data, key=key)

    monkeypatch.setattr(Bucket, "put", watched)
    browser = signed_in(make.user())
    for _twice in range(2):
        data = {"file": (BytesIO(picture(60, 30)), "a.png"), "csrf_token": browser.csrf("/files")}
        answer = browser.post("/files", data=data, headers={"Accept": "application/json"})
        assert answer.status_code == 201
    assert browser.get(answer.json["url"]).status_code == 200
    assert set(within) == {False}
    assert len(shelf.things) == len(within), "what is known already is not brought again"


def test_a_file_brought_to_one_machine_is_taken_in_by_another(app: Any, make: Make, shelf: Shelf) -> None:
    data = b'{"id": "1", "title": "t", "body": "b"}\n'
    key, path = imports.keep_file("a.jsonl", data)
    with writing():
        row = imports.begin(make.actor("manager"), key, "a.jsonl", data, [], [])
        imports.set_aside(row, "d" * 64, b"a picture")
    for left in path.parent.rglob("*.*"):
        left.unlink()
    (path.parent / "pictures" / ("d" * 64)).unlink()
    assert imports.source_of(row).read_bytes() == data
    assert imports.picture_of(row, "d" * 64).read_bytes() == b"a picture"
    assert len(shelf.things) == 2
    with writing():
        imports.forget(session.get_one(Import, row.id), None)
    assert {name for name in shelf.things if key in name} == set()
    assert not path.parent.exists()
