"""A site of several machines: servers with a folder of their own each, workers, one PostgreSQL, one Meilisearch.

Each machine reaches the database over a line of its own that can be cut. The machines are groups of processes here;
what they share is what the product says they share: the database, the search server, the folder of files, the key.
"""

import contextlib
import http.cookiejar
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.clients import PASSWORD, TOKEN
from tests.support.lines import Line
from tests.support.server import FAST, ROOT, Server

PATIENCE = 90  # seconds until something that must come counts as not coming


def until(ask: Callable[[], Any], what: str) -> Any:
    """The first true answer."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {PATIENCE} s")


@dataclass
class Machine:
    """A server, with its line to the database and its line to the search server."""

    server: Server
    database: Line
    search: Line
    command: list[str] = field(default_factory=lambda: ["-m", "wiki.serve"])

    def get(self, path: str) -> tuple[int, str]:
        """The answer to somebody who is not signed in; status 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.server.base + path, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        """A process of this machine beside its server; its group ends with ``Server.kill``."""
        log = self.server.log.open("ab")
        return subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=self.server.environment, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def begin(self) -> None:
        """The server is starting."""
        self.server.process = self.run(*self.command)

    def refused(self) -> str:
        """What the server says that does not start."""
        process = self.run(*self.command)
        assert process.wait(PATIENCE) == 1
        return self.server.tail()


class Visitor:
    """A browser whose every request may go to another machine of the site."""

    def __init__(self) -> None:
        self.cookies = http.cookiejar.CookieJar()
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _Stay).open

    def ask(self, base: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        """Status and page; a redirect is not followed."""
        asked = urllib.request.Request(base + path, urlencode(form).encode() if form is not None else None)
        asked.add_header("Referer", base + path)
        try:
            with self._open(asked, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def opened(self, address: str) -> Any:
        """The answer, to be read as bytes; raises ``urllib.error.HTTPError`` where it is no good one."""
        return self._open(address, timeout=60)

    def submit(self, base: str, page: str, to: str = "", **fields: str) -> tuple[int, str]:
        """Open a page and post its form."""
        found = TOKEN.search(self.ask(base, page)[1])
        assert found, page
        return self.ask(base, to or page, {**fields, "csrf_token": found[1]})

    def sign_in(self, base: str, username: str) -> None:
        status, page = self.submit(base, "/login", username=username, password=PASSWORD)
        assert status in {302, 303}, page

    def is_in(self, base: str) -> bool:
        return self.ask(base, "/reviews")[0] == 200


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass
class Site:
    """The machines, and what they have in common."""

    place: Path
    postgres: str
    meilisearch: str
    common: dict[str, str]
    made: list[Machine] = field(default_factory=list)

    def machine(self, **other: str) -> Machine:
        """A machine that is not started yet; ``other`` settings than the common ones."""
        parts = urlsplit(self.meilisearch)
        database = Line(f"{self.postgres.partition('host=')[2]}/.s.PGSQL.5432").__enter__()
        search = Line(parts.port or 0).__enter__()
        name = urlsplit(self.postgres).path
        about = {
            **self.common,
            "SPIRAL_DATABASE_URL": f"postgresql://postgres@127.0.0.1:{database.port}{name}?sslmode=disable",
            "SPIRAL_SEARCH_URL": f"meilisearch://{parts.username}@127.0.0.1:{search.port}{parts.path}",
            **other,
        }
        server = Server(self.place / f"var{len(self.made)}", **{k: v for k, v in about.items() if v != "-"})
        self.made.append(Machine(server, database, search))
        return self.made[-1]

    def close(self) -> None:
        for machine in self.made:
            machine.server.kill()
            machine.database.__exit__(None, None, None)
            machine.search.__exit__(None, None, None)


@contextlib.contextmanager
def site(place: Path, postgres: str, meilisearch: str, **common: str) -> Iterator[Site]:
    """Everything is gone afterwards."""
    same = {
        "SPIRAL_DEMO": "0", "SPIRAL_LOCALE": "en", "SPIRAL_RATE": FAST,
        "SPIRAL_ALLOW_UNSAFE_DATABASE": "1", "SPIRAL_SECRET_KEY": "k" * 40,
        "SPIRAL_FILES_URL": f"file://{place}/shared",
    }  # fmt: skip
    found = Site(place, postgres, meilisearch, {**same, **common})
    try:
        yield found
    finally:
        found.close()


@contextlib.contextmanager
def fresh_site(migrated_postgres: Callable[[], str], meilisearch: str, **common: str) -> Iterator[Site]:
    """The same over a database of its own at head, in a folder that is gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="spiral-site-"))  # a short name: sockets lie in it
    try:
        with site(place, migrated_postgres(), meilisearch, **common) as found:
            yield found
    finally:
        shutil.rmtree(place, ignore_errors=True)


def token_call(base: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """A call of the API without a token."""
    asked = urllib.request.Request(f"{base}/api/v1{path}", json.dumps(body).encode())
    asked.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
