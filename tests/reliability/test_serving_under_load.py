"""The server ends in the midst of work and cuts nobody off; people who are slow on purpose hold up nobody."""

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from core.db import reading, session
from tests.reliability.crowd import Crowd, Person, crowd_at
from tests.support.server import Server
from wiki.articles.models import Submission

pytestmark = [pytest.mark.server]
FAQ = {"kind": "faq", "title": "几点开门?", "fields": {"question": "几点?", "answer": "九点。"}}


@pytest.fixture
def crowd(start_server: Callable[..., Server]) -> Iterator[Crowd]:
    with crowd_at(start_server(SPIRAL_DEMO="0", SPIRAL_LOCALE="en")) as found:
        yield found


@dataclass
class Told:
    """What the clients met."""

    cut: list[str] = field(default_factory=list)
    acknowledged: int = 0
    answered: int = 0
    refused: int = 0


def ask_until_refused(server: Server, who: Person, told: Told, lock: threading.Lock, *, keeps: bool) -> None:
    """Hand in one proposal after the other, on a connection for each, or on one that is kept as long as it lasts."""
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"}
    connection: http.client.HTTPConnection | None = None
    while True:
        fresh = connection is None
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
            try:
                connection.connect()
            except OSError:
                with lock:
                    told.refused += 1
                return
        try:
            connection.request("POST", "/api/v1/submissions", json.dumps(FAQ), headers)
            answer = connection.getresponse()
            json.loads(answer.read())
            with lock:
                told.answered += 1
                told.acknowledged += answer.status == 201
        except (OSError, http.client.HTTPException, ValueError) as error:
            if fresh:  # one that was answered before may be closed between two requests; programs ask again then
                with lock:
                    told.cut.append(repr(error))
                return
        if not keeps or answer.will_close or connection.sock is None:
            connection.close()
            connection = None


def end_under_load(crowd: Crowd, clients: int, requests: int) -> None:
    told, lock = Told(), threading.Lock()
    with reading():
        before = session.scalar(sa.select(sa.func.count()).select_from(Submission)) or 0
    people = crowd.people("rep", clients)
    threads = [
        threading.Thread(target=ask_until_refused, args=(crowd.server, who, told, lock), kwargs={"keeps": n % 3 == 0})
        for n, who in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    while told.answered < requests and any(thread.is_alive() for thread in threads):
        threads[0].join(0.01)
    assert crowd.server.stop(120) == 0, crowd.server.tail()
    for thread in threads:
        thread.join(150)
    assert told.cut == []
    assert told.refused == clients
    with reading():
        kept = session.scalar(sa.select(sa.func.count()).select_from(Submission))
    assert kept == before + told.acknowledged, "nothing acknowledged is lost, nothing else was done"


@pytest.mark.soak
@pytest.mark.parametrize("_turn", range(20))
def test_sigterm_cuts_no_request_twenty_times(crowd: Crowd, _turn: int) -> None:
    end_under_load(crowd, clients=24, requests=200)


def slow_ones(server: Server, count: int) -> list[socket.socket]:
    """So many connections that say nothing, so many with half a head, and so many with half a body."""
    head, body = b"GET /login HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 99"
    said = [b"", head, body + b"\r\n\r\nu"]
    found = []
    for words in said:
        for _ in range(count):
            one = socket.create_connection(("127.0.0.1", server.port), timeout=120)
            one.sendall(words)
            found.append(one)
    return found


def test_600_slow_connections_hold_up_nobody_and_sigterm_cuts_no_request(crowd: Crowd) -> None:
    slow_connections_hold_up_nobody(crowd)
    end_under_load(crowd, clients=8, requests=40)


def slow_connections_hold_up_nobody(crowd: Crowd) -> None:
    (who,) = crowd.people("rep", 1)
    with contextlib.ExitStack() as held:
        slow = [held.enter_context(one) for one in slow_ones(crowd.server, 200)]
        assert len(slow) == 600
        for _ in range(10):
            assert crowd.server.healthy()
            assert crowd.call(who, "GET", "/submissions")[0] == 200
        assert crowd.call(who, "POST", "/submissions", FAQ)[0] == 201
        late = slow[-1]
        late.sendall(b"x" * 98)
        assert late.recv(20).startswith(b"HTTP/1.1 4"), "and who was only slow is answered in the end"
