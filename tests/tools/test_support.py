"""What the other tests stand on holds."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Page
from waitress import trigger

from tests.support import axe, postgres, run, sockets
from tests.support.browser import overflow, problems
from tests.support.inside import serving
from tests.support.server import read_logins


# ── PostgreSQL ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.postgres
def test_a_test_gets_an_empty_database_that_keeps_what_it_promises(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
        promised = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")}
        assert promised == {"fsync": ("on",), "synchronous_commit": ("on",)}
        assert connection.execute("SELECT lower('Ä')").fetchone() == ("ä",)


@pytest.mark.postgres
def test_a_clone_has_what_the_template_had_and_leaves_it_alone(new_postgres: Callable[..., str]) -> None:
    def build(url: str) -> None:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE words (word text)")
            connection.execute("INSERT INTO words VALUES ('知识')")

    postgres.template("words", build)
    postgres.template("words", build=lambda url: pytest.fail("a template is built once"))
    for _ in range(2):
        with psycopg.connect(new_postgres("words")) as connection:
            assert connection.execute("SELECT word FROM words").fetchall() == [("知识",)]
            connection.execute("DELETE FROM words")


@pytest.mark.postgres
def test_the_server_ends_when_the_run_is_killed(tmp_path: Path) -> None:
    program = (
        "import time; from tests.support import postgres, run\n"
        "print(run.folder(), postgres.url_of('postgres'), flush=True); time.sleep(100)"
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TEST_")}
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=clean) as other:
        assert other.stdout
        folder, url = other.stdout.readline().split()
        psycopg.connect(url).close()
        other.send_signal(signal.SIGKILL)
    end = time.monotonic() + 90
    while Path(folder).exists():
        assert time.monotonic() < end, "the keeper did not clear away"
        time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url)


# ── the guard ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("address", ["192.0.2.1", "example.org", "2001:db8::1", "::ffff:192.0.2.1"])
def test_reaching_out_is_refused_and_remembered(address: str) -> None:
    with sockets.watching() as attempts:
        with pytest.raises(OSError, match="stay on this machine"):
            socket.create_connection((address, 443), timeout=1)
        assert len(attempts) == 1


def test_sending_a_datagram_out_is_refused() -> None:
    with sockets.watching() as attempts, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaker:
        with pytest.raises(OSError, match="stay on this machine"):
            speaker.sendto(b"hello", ("192.0.2.1", 53))
        assert attempts == ["192.0.2.1:53"]


def test_what_a_test_starts_stays_here_as_well() -> None:
    program = "import socket; socket.create_connection(('192.0.2.1', 443), timeout=1)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "stay on this machine" in done.stderr
    assert sockets.told_by_children() == ["the address of '192.0.2.1', in a process it started"]
    assert sockets.told_by_children() == []
    assert not {sockets.TOLD, "PYTHONPATH"} & set(sockets.freed({sockets.TOLD: "x", "PYTHONPATH": str(sockets.STAY)}))


@pytest.mark.parametrize("name", ["127.0.0.1", "127.3.2.1", "::1", "localhost", "", None, b"localhost", "0.0.0.0"])
def test_this_machine_is_here(name: object) -> None:
    assert sockets.is_here(name)


# ── the browser ──────────────────────────────────────────────────────────────────────────────────────────────────────
class Pages(http.server.BaseHTTPRequestHandler):
    """A few pages with a strict content security policy."""

    BODIES: ClassVar = {
        "/": b"<html lang=zh-Hans><title>t</title><main><h1>\xe7\x9f\xa5\xe8\xaf\x86</h1></main>",
        "/inline": b"<html lang=en><title>t</title><main><h1>h</h1><script>window.x = 1</script></main>",
        "/menu": b"<html lang=en><title>t</title><main><nav class=main-menu><a href=/>x</a></nav></main>",
        "/wide": b"<html lang=en><title>t</title><main><h1>" + b"x" * 1000 + b"</h1></main>",
        "/unlabelled": b"<html lang=en><title>t</title><main><h1>h</h1><input><img src='/p'></main>",
    }

    def do_GET(self) -> None:
        body = self.BODIES.get(self.path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src 'self'")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.browser
def test_the_browser_shows_a_page(page: Page, pages: str) -> None:
    page.goto(pages)
    assert page.inner_text("h1") == "知识"
    assert page.evaluate("navigator.language") == "zh-CN"
    assert overflow(page) == 0
    assert axe.violations(page) == []


@pytest.mark.browser
def test_a_visit_is_as_wide_and_as_dark_as_asked(visit: Callable[..., Page], pages: str) -> None:
    page = visit(width=360, locale="zh-TW", dark=True)
    page.goto(pages + "/menu")
    assert overflow(page) == 0
    page.evaluate("Object.assign(document.querySelector('a').style, {position: 'fixed', left: '355px', width: '50px'})")
    assert overflow(page) == 45, "nobody can scroll what is fixed"
    page.goto(pages + "/wide")
    assert page.evaluate("innerWidth") == 360
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert overflow(page) > 1000


@pytest.mark.browser
def test_an_inline_script_is_refused_and_told(page: Page, pages: str) -> None:
    page.goto(pages + "/inline")
    assert problems(page).refused
    problems(page).refused.clear()


@pytest.mark.browser
def test_a_request_to_elsewhere_is_stopped_and_told(page: Page, pages: str) -> None:
    page.goto(pages)
    page.evaluate("fetch('http://example.org/').catch(() => 0)")
    assert problems(page).grave()
    problems(page).refused.clear()
    problems(page).outside.clear()


@pytest.mark.browser
def test_axe_speaks_in_sentences(page: Page, pages: str) -> None:
    page.goto(pages + "/unlabelled")
    found = axe.violations(page)
    assert {sentence.split()[0] for sentence in found} >= {"label", "image-alt"}
    assert all(" at " in sentence and "Fix" in sentence for sentence in found)


# ── the demo's logins ────────────────────────────────────────────────────────────────────────────────────────────────
def test_logins_are_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "demo-logins").write_text("# how to sign in\nli.na\tabc def\t李娜\trep, qa\n", encoding="utf-8")
    login = read_logins(tmp_path)["li.na"]
    assert (login.password, login.name, login.roles) == ("abc def", "李娜", ("rep", "qa"))


# ── the server inside a test ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_served_test_writes_to_nothing_it_has_let_go(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that is slow to wake the loop still finds the loop's own pipe."""
    pulled, really = [], trigger.trigger._physical_pull

    def slowly(self: trigger.trigger) -> None:
        time.sleep(0.1)
        pulled.append(os.readlink(f"/proc/self/fd/{self.trigger}"))
        really(self)

    monkeypatch.setattr(trigger.trigger, "_physical_pull", slowly)
    with serving(app) as port, socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert line.makefile("rb").readline().split()[1] == b"200"
    assert pulled
    assert all(place.startswith("pipe:") for place in pulled)


# ── what is left out ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("ci", ["true", ""])
def test_what_is_left_out_is_told_and_under_ci_fails_unless_ci_cannot_have_it(
    ci: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "folder", lambda: tmp_path)
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception if ci else pytest.skip.Exception, match=r"no anvil .*: buy anvil"):
        run.leave_out("anvil", "buy anvil")
    with pytest.raises(pytest.skip.Exception, match=r"no moon on this machine$"):
        run.leave_out("moon", ci=False)
    assert run.left_out() == ["no anvil on this machine; one command helps: buy anvil", "no moon on this machine"]


# ── a run in pieces ──────────────────────────────────────────────────────────────────────────────────────────────────
PIECES = """
import pathlib, pytest
there = pathlib.Path(__file__).with_name("there").exists()

@pytest.mark.parametrize("word", ["话术\\nand more", "two"])
def test_passes(word): assert not there, "passed before, and was run again"

def test_fails_first(): assert there

@pytest.fixture
def ends_badly():
    yield
    assert there

def test_passes_and_ends_badly(ends_badly): pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_run_goes_on_where_the_last_one_ended(workers: str, tmp_path: Path) -> None:
    (tmp_path / "test_pieces.py").write_text(PIECES, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.passed", "-p", "no:cacheprovider", "-n", workers,
               "test_pieces.py"]  # fmt: skip
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    clean |= {"PYTHONPATH": str(Path(__file__).parents[2]), run.FOLDER: str(tmp_path), "PASSED": "passed.txt"}

    def piece() -> tuple[int, str]:
        done = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    status, told = piece()
    assert (status, "2 failed" in told or "1 failed" in told) == (1, True), told
    lines = (tmp_path / "passed.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2, lines
    (tmp_path / "there").touch()
    status, told = piece()
    assert status == 0, told
    assert "2 passed" in told, told
    assert len((tmp_path / "passed.txt").read_text(encoding="utf-8").splitlines()) == 4
    status, told = piece()
    assert status == 0, told
