"""No room on the disk: a clear 507, nothing half-written, reads go on, and with room again all goes on by itself.

The real server, with its folder in a small file system of its own that the test fills to the last byte.
"""

import contextlib
import http.client
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from core.db import reading, session
from tests.clients import Browser
from tests.make import Make
from tests.reliability.crowd import Crowd, Person, crowd_at
from tests.support import run
from tests.support.files import picture
from tests.support.server import Server
from wiki.articles.models import Submission

FAQ = {"kind": "faq", "title": "几点开门?", "fields": {"question": "几点?", "answer": "九点。"}}


# ── the database alone ───────────────────────────────────────────────────────────────────────────────────────────────


def pages(app: Flask, most: int | None) -> None:
    """The database may have no more pages than it has (or ``most``)."""
    with app.extensions["spiral.database"].writer.connect() as connection:
        limit = most or connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {limit}")


def submissions() -> int:
    with reading():
        return session.scalar(sa.select(sa.func.count()).select_from(Submission)) or 0


def test_a_page_says_so_and_keeps_what_was_typed(
    app: Flask, make: Make, signed_in: Callable[..., Browser], api: Callable[..., Any]
) -> None:
    user = make.user("rep")
    browser, script = signed_in(user), api(user)
    token, before = browser.csrf("/new/faq"), submissions()
    text = "九点。" * 6000
    pages(app, None)
    typed = {"verb": "save", "title": "typed", "question": "几点?", "answer": text, "csrf_token": token}
    answer = browser.post("/new/faq", data=typed)
    assert answer.status_code == 507
    page = answer.get_data(as_text=True)
    assert "The disk is full. Nothing was changed" in page
    assert text in page, "nothing typed is lost"
    refused = script.post("/submissions", {**FAQ, "body": text})
    assert (refused.status_code, refused.json["code"]) == (507, "disk-full")
    assert refused.content_type == "application/problem+json"
    assert browser.get("/submissions/mine").status_code == 200
    assert submissions() == before
    pages(app, 1_000_000)
    assert script.post("/submissions", {**FAQ, "body": text}).status_code == 201
    assert submissions() == before + 1


# ── everything ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Small(Server):
    """A server whose folder is a file system of 24 MB."""

    MOUNT = 'mount -t tmpfs -o size=24m small "$SPIRAL_VAR" && cp -a "$SEED/." "$SPIRAL_VAR" && exec "$@"'
    within = ("unshare", "-rm", "sh", "-c", MOUNT, "sh")

    @property
    def inside(self) -> Path:
        """Its folder, seen from outside."""
        assert self.process
        return Path(f"/proc/{self.process.pid}/root{self.var}")


@pytest.fixture
def small(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Crowd, Person]]:
    """It runs, and somebody has a token there."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        run.leave_out("file system of one's own (unshare -rm)", ci=False)
    (tmp_path / "seed").mkdir()
    (tmp_path / "var").mkdir()
    shutil.copyfile(sqlite_template, tmp_path / "seed" / "spiral.db")
    server = Small(tmp_path / "seed", SPIRAL_DEMO="0", SPIRAL_LOCALE="en")
    with crowd_at(server) as crowd:
        (somebody,) = crowd.people("rep", 1)
    server.var = tmp_path / "var"
    server.environment |= {"SPIRAL_VAR": str(server.var), "SEED": str(tmp_path / "seed")}
    try:
        server.start()
        yield crowd, somebody
    finally:
        server.kill()


def fill(folder: Path) -> Path:
    """Not a byte is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass
    return ballast


def upload(server: Server, who: Person, data: bytes) -> int:
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + data + b"\r\n--x--\r\n"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "multipart/form-data; boundary=x"}
    connection.request("POST", "/api/v1/files", body, headers)
    status = connection.getresponse().status
    connection.close()
    return status


def asked(server: Server, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", path)
    answer = connection.getresponse()
    said = answer.read().decode()
    connection.close()
    return answer.status, said


def kept(folder: Path) -> int:
    return sum(1 for path in (folder / "files").rglob("*") if path.is_file())


def until_nothing_waits(crowd: Crowd, who: Person) -> None:
    end = time.monotonic() + 240
    while time.monotonic() < end:
        if re.search(r"^spiral_outbox_waiting 0$", asked(crowd.server, "/metrics")[1], re.M):
            return
        time.sleep(0.2)
    pytest.fail("the outbox was not drained")


@pytest.mark.server
def test_a_full_disk_refuses_keeps_and_recovers(small: tuple[Crowd, Person], tmp_path: Path) -> None:
    crowd, rep = small
    server = crowd.server
    assert isinstance(server, Small)
    assert crowd.call(rep, "POST", "/submissions", FAQ)[0] == 201
    assert upload(server, rep, picture(5)) == 201
    ballast = fill(server.inside)
    taken = 0
    for number in range(60):
        body = {**FAQ, "title": f"问题 {number}", "body": f"{number}。" * 9000}
        status, answer = crowd.call(rep, "POST", "/submissions", body)
        assert status in {201, 507}, answer
        taken += status == 201
        if status == 507:
            assert answer["code"] == "disk-full"
            assert "The disk is full" in answer["detail"]
    assert taken < 60, "in the end there was no room"
    before = kept(server.inside)
    assert upload(server, rep, picture(800)) == 507
    assert kept(server.inside) == before, "no half of a file is left"
    assert crowd.call(rep, "GET", "/submissions?limit=200")[0] == 200
    assert crowd.call(rep, "GET", "/search?q=x")[0] == 200
    assert server.healthy()
    status, reasons = asked(server, "/readyz")
    assert (status, "disk: " in reasons) == (503, True), reasons
    ballast.unlink()
    assert crowd.call(rep, "POST", "/submissions", {**FAQ, "title": "again"})[0] == 201
    assert upload(server, rep, picture(900)) == 201
    until_nothing_waits(crowd, rep)
    assert server.process
    os.kill(server.process.pid, signal.SIGSTOP)  # it writes now and then without being asked, also between two files
    copied = [Path(shutil.copy(server.inside / f"spiral.db{end}", tmp_path)) for end in ("", "-wal")]
    with contextlib.closing(sqlite3.connect(copied[0])) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert found.execute("SELECT count(*) FROM submissions").fetchone() == (taken + 2,)
