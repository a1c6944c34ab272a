"""The real server, `python -m wiki.serve`, as a process of its own, with a folder and a port of its own.

server = start_server()                                # demo loaded; SQLite
server = start_server(SPIRAL_DEMO="0", SPIRAL_DATABASE_URL=postgres_url)
server.base, server.logins()["…"], server.flask("user", "add", …), server.kill(), server.start(), server.settled()
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from tests.support import nursery, run

ROOT = Path(__file__).resolve().parent.parent.parent
START = 240  # seconds; the first start migrates and loads the demo, on a machine that has much else to do
AFTERWARDS = {"SPIRAL_EMBED_ORIGINS"}  # settings that may come when the demo is loaded already


@dataclass(frozen=True)
class Login:
    """One line of var/demo-logins."""

    username: str
    password: str
    name: str
    roles: tuple[str, ...]


def read_logins(var: Path) -> dict[str, Login]:
    """Who can sign in to a demo, by user name."""
    rows = [line.split("\t") for line in (var / "demo-logins").read_text(encoding="utf-8").splitlines() if "\t" in line]
    logins = [Login(row[0], row[1], row[2], tuple(row[3].replace(",", " ").split())) for row in rows if len(row) > 3]
    return {login.username: login for login in logins}


def free_port() -> int:
    """A port of this caller alone: no other of this run is given it, and no connection takes it by chance.

    What the kernel gives to whoever asks for any port is left alone: it might be somebody's before it is listened on,
    or while a server is started again.
    """
    if run.FOLDER not in os.environ:  # no run of tests: nobody else is asking
        return next(port for port in iter(lambda: secrets.choice(_ports()), 0) if _is_free(port))
    with run.locked("ports"), (run.folder() / "ports").open("a+", encoding="utf-8") as register:
        register.seek(0)
        given = {int(line) for line in register}
        while True:
            port = secrets.choice(_ports())
            if port not in given and _is_free(port):
                register.write(f"{port}\n")
                return port


@cache
def _ports() -> list[int]:
    """Those that are nobody's by chance."""
    try:
        low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split())
    except OSError:
        low, high = 32768, 60999
    return [port for port in range(20_000, 65_000) if not low <= port <= high] or list(range(20_000, 65_000))


def _is_free(port: int) -> bool:
    with contextlib.closing(socket.socket()) as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


FAST = "1000000"  # the load of a test or a benchmark comes from few people


class Server:
    """One installation: its folder outlives the process, so that it can be killed and started again."""

    within: tuple[str, ...] = ()  # the command that runs it, such as strace
    tree = ROOT  # where the program lies
    divides = True  # else it begins as the product does, with a Python of its own

    def __init__(self, var: Path, **settings: str) -> None:
        self.var = var
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        mine = {name: value for name, value in os.environ.items() if not name.startswith("SPIRAL_")}
        self.environment = {**mine, "SPIRAL_VAR": str(var), "PORT": str(self.port), "PYTHONUNBUFFERED": "1",
                            "SPIRAL_RATE": FAST, **settings}  # fmt: skip
        self.process: subprocess.Popen[bytes] | nursery.Child | None = None

    @property
    def log(self) -> Path:
        return self.var.with_name(self.var.name + ".log")

    def tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:] if self.log.exists() else ""

    def start(self) -> "Server":
        """It answers on /healthz."""
        self.process = self._divided() if self._may_divide() else self._alone()
        end = time.monotonic() + START
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            if self.healthy():
                return self
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"the server did not answer within {START} s:\n{self.tail()}")

    def _may_divide(self) -> bool:
        """In an ordinary run of tests; what is measured, and the long runs, start as the product does."""
        ours = self.divides and self.tree == ROOT and not self.within
        return ours and run.FOLDER in os.environ and os.environ.get("SOAK") != "1"

    def _divided(self) -> nursery.Child:
        return nursery.divide("wiki.serve", cwd=ROOT, environment=self.environment, log=self.log)

    def _alone(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*self.within, sys.executable, "-m", "wiki.serve"], cwd=self.tree, env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def healthy(self) -> bool:
        with (
            contextlib.suppress(OSError, urllib.error.URLError),
            urllib.request.urlopen(f"{self.base}/healthz", timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        return False

    def settled(self) -> "Server":
        """What was promised so far is kept: the search knows what was published, who is to be told was. (SQLite.)"""
        due = "SELECT count(*) FROM outbox_jobs WHERE parked_at IS NULL AND available_at <= ?"
        asked = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        end = time.monotonic() + START
        while time.monotonic() < end:
            with contextlib.closing(sqlite3.connect(f"file:{self.var / 'spiral.db'}?mode=ro", uri=True)) as read:
                if not read.execute(due, (asked,)).fetchone()[0]:
                    return self
            time.sleep(0.05)
        raise AssertionError(f"promises were not kept within {START} s:\n{self.tail()}")

    def stop(self, patience: float = 30) -> int:
        """Ended as Ctrl-C or a service manager ends it; its exit code. Killed, and -9, after `patience` seconds."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
            return -signal.SIGKILL

    def kill(self) -> None:
        """kill -9, the whole group, at once."""
        if self.process and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)

    def logins(self) -> dict[str, Login]:
        return read_logins(self.var)

    def flask(self, *words: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """`flask --app wsgi …` beside the running server, on the same folder."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", *words],
            cwd=ROOT, env=self.environment, input=stdin, text=True, capture_output=True, check=False, timeout=110,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(f"flask {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done


def _demo() -> Path:
    """The folder of an installation that was started once and ended; made once in a run, for loading takes its time."""
    made = run.folder() / "installation"
    with run.locked("installation"):
        if not made.exists():
            first = Server(run.folder() / "installation-first").start().settled()
            assert first.stop(patience=120) == 0, first.tail()
            first.var.rename(made)
    return made


@contextlib.contextmanager
def servers() -> Iterator[Callable[..., Server]]:
    """A way to start servers; afterwards none of them runs and their folders are gone."""
    place = Path(tempfile.mkdtemp(prefix="spiral-server-"))
    made: list[Server] = []

    def start(database: Path | None = None, **settings: str) -> Server:
        """With the demo where nothing else is said; with a copy of this database of SQLite where one is given."""
        var = place / f"var{len(made)}"
        if database:
            var.mkdir()
            shutil.copyfile(database, var / "spiral.db")
        elif settings.keys() <= AFTERWARDS:
            shutil.copytree(_demo(), var)
        made.append(Server(var, **settings))
        return made[-1].start()

    try:
        yield start
    finally:
        for server in made:
            server.kill()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    """Starts servers of this test's own."""
    with servers() as start:
        yield start


@pytest.fixture(scope="session")
def spiral() -> Iterator[Server]:
    """One server with the demo for all tests of a worker that only look, or leave alone what others made."""
    with servers() as start:
        yield start(SPIRAL_EMBED_ORIGINS=f"http://localhost:{free_port()}")  # where a test puts a CRM
