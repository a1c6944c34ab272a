"""Told to end, a process goes on letting people in until the proxy has put others in its place; then it closes."""

import contextlib
import http.client
import itertools
import threading
import time
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from waitress.server import create_server

from core import running
from core.settings import load
from tests.reliability.sites import until
from wiki import draining

FAR = 3600.0  # seconds that nobody waits for: the clock of the server is put forward


def answer(_environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def server() -> Iterator[Any]:
    found = create_server(answer, host="127.0.0.1", port=0, threads=2)
    draining.prepare(found)
    yield found
    found.task_dispatcher.shutdown(timeout=1)
    found.asyncore.close_all(found._map)


def asked(line: http.client.HTTPConnection) -> tuple[int, bool]:
    """The status of an answer, and whether it was the last over this line."""
    line.request("POST", "/", b"x")
    got = line.getresponse()
    got.read()
    return got.status, got.will_close


def test_who_comes_while_it_leaves_is_answered_and_nobody_keeps_a_line(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = [0.0]
    monkeypatch.setattr(draining, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + later[0]))
    told = threading.Event()

    def serve() -> None:
        while not told.is_set():
            server.asyncore.loop(timeout=0.05, map=server._map, use_poll=True, count=1)
        draining.drain(server, stays=FAR, patience=FAR)

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()

    def line() -> http.client.HTTPConnection:
        source = ("127.0.0.2", 0)
        return http.client.HTTPConnection("127.0.0.1", server.effective_port, timeout=20, source_address=source)

    kept = line()
    assert asked(kept) == (200, False)
    told.set()
    until(lambda: server.ending, "it leaves")
    assert asked(kept) == (200, True), "the line that was kept is not kept any longer"
    assert [asked(line()) for _turn in range(3)] == [(200, True)] * 3, "and who comes now is let in"
    assert serving.is_alive()
    later[0] = FAR
    serving.join(20)
    assert not serving.is_alive()
    with contextlib.closing(line()) as late, pytest.raises(ConnectionError):
        late.connect()


def test_it_stays_where_others_may_take_over_and_says_that_it_is_not_ready(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_leaving", False)
    assert client.get("/readyz").status_code == 200
    stays = {}
    for proxies, url in itertools.product((0, 1), ("sqlite:///x.db", "postgresql://x@db/x")):
        about = {"proxies": proxies, "database_url": url, "base_url": "https://x.example", "secret_key": "k" * 40}
        stays[proxies, url.partition(":")[0]] = running.leave(load(about, environ={}))
    assert stays.pop((1, "postgresql")) == running.LEAVES
    assert set(stays.values()) == {0.0}, "alone, or with nobody in front, staying would help nobody"
    told = client.get("/readyz")
    assert (told.status_code, told.get_json()["ready"]) == (503, False)
    assert "told to end" in told.get_json()["reasons"][0]
    assert client.get("/healthz").status_code == 200
