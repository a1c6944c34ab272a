"""The server ends in the midst of work and cuts nobody off; people who are slow on purpose hold up nobody."""

import contextlib
import http.client
import json
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from core.db import reading, session
from tests.reliability.crowd import Crowd, Person, crowd_at
from tests.support.server import Server
from wiki.articles.models import Submission

pytestmark = [pytest.mark.server]
ELSEWHERE = ("127.0.0.2", 0)  # a socket to a port that nobody holds could otherwise meet itself
ENDS = 30  # seconds: longer nobody waits who told it to end
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
    waiting: int = 0  # requests that were sent and have no answer yet
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heard(self, status: int) -> None:
        with self.lock:
            self.answered += 1
            self.acknowledged += status == 201

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """A request was sent, and its answer is awaited here."""
        with self.lock:
            self.waiting += 1
        try:
            yield
        finally:
            with self.lock:
                self.waiting -= 1


def said_by(who: Person) -> bytes:
    """A proposal, as it goes over the wire."""
    body = json.dumps(FAQ).encode()
    head = f"POST /api/v1/submissions HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {who.token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def connected(server: Server, words: bytes = b"") -> socket.socket:
    """A connection over which this was said."""
    one = socket.create_connection(("127.0.0.1", server.port), timeout=60, source_address=ELSEWHERE)
    one.sendall(words)
    return one


def answer_over(one: socket.socket, told: Told) -> None:
    """It is answered, and told that nothing more will be."""
    with one:
        try:
            answer = http.client.HTTPResponse(one)
            answer.begin()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            told.cut.append(f"{one}: {error!r}")
            return
        assert (answer.status, answer.will_close) == (201, True)
        told.heard(answer.status)


def ask_until_refused(server: Server, who: Person, told: Told, *, keeps: bool) -> None:
    """Hand in one proposal after the other, on a connection for each, or on one that is kept as long as it lasts."""
    headers = {"Authorization": f"Bearer {who.token}", "Content-Type": "application/json"}
    connection: http.client.HTTPConnection | None = None
    while True:
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120, source_address=ELSEWHERE)
            try:
                connection.connect()
            except OSError:
                with told.lock:
                    told.refused += 1
                return
        try:
            connection.request("POST", "/api/v1/submissions", json.dumps(FAQ), headers)
            with told.asking():
                answer = connection.getresponse()
                json.loads(answer.read())
            told.heard(answer.status)
        except (OSError, http.client.HTTPException, ValueError) as error:
            told.cut.append(repr(error))
            return
        if not keeps or answer.will_close or connection.sock is None:
            connection.close()
            connection = None


@contextlib.contextmanager
def nobody_writes(server: Server) -> Iterator[None]:
    """Another process has the database's lock: whatever would write waits, however long one likes."""
    with contextlib.closing(sqlite3.connect(server.var / "spiral.db", timeout=60, isolation_level=None)) as rival:
        rival.execute("BEGIN IMMEDIATE")
        yield
        rival.execute("ROLLBACK")


def refuses(server: Server) -> bool:
    try:
        connected(server).close()
    except ConnectionError:
        return True
    return False


def proposals() -> int:
    with reading():
        return session.scalar(sa.select(sa.func.count()).select_from(Submission)) or 0


def ended(server: Server, told: float) -> int:
    """Its exit code, within the promised time of the moment at which it was told to end."""
    assert server.process
    return server.process.wait(max(0.0, told + ENDS - time.monotonic()))


def end_under_load(crowd: Crowd, clients: int, requests: int) -> None:
    """At the moment of the signal every client waits for an answer, on connections new and kept; others have just been
    let in by the kernel, with their request or with nothing said yet."""
    told, before, server = Told(), proposals(), crowd.server
    people = crowd.people("rep", clients)
    threads = [
        threading.Thread(target=ask_until_refused, args=(server, who, told), kwargs={"keeps": n % 3 == 0})
        for n, who in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    while told.answered < requests and any(thread.is_alive() for thread in threads):
        threads[0].join(0.01)
    process = server.process
    assert process is not None
    with nobody_writes(server):
        while told.waiting < clients and not told.cut:
            threads[0].join(0.01)
        process.send_signal(signal.SIGSTOP)
        let_in = [connected(server, said_by(who)) for who in people[:5]]
        silent = connected(server)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        process.send_signal(signal.SIGCONT)
        with contextlib.suppress(OSError):  # answering says it
            silent.sendall(said_by(people[0]))
        while not refuses(server):
            threads[0].join(0.01)
        assert process.poll() is None, f"it did not wait for those who were asking:\n{server.tail()}"
    assert ended(server, began) == 0, server.tail()
    for one in (*let_in, silent):
        answer_over(one, told)
    for thread in threads:
        thread.join(150)
    assert told.cut == []
    assert told.refused == clients
    assert proposals() == before + told.acknowledged, "nothing acknowledged is lost, nothing else was done"


def end_within_a_request(crowd: Crowd) -> None:
    """Half of a request was said when the signal came; the other half is heard."""
    (who,), told, before, server = crowd.people("rep", 1), Told(), proposals(), crowd.server.start()
    words = said_by(who)
    one = connected(server, words[:-20])
    assert server.process
    server.process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    while not refuses(server):
        time.sleep(0.01)
    time.sleep(1.5)  # an end that waits only for those who were let in, and for whole requests, is over
    with contextlib.suppress(OSError):
        one.sendall(words[-20:])
    answer_over(one, told)
    assert ended(server, began) == 0, server.tail()
    assert (told.cut, proposals()) == ([], before + 1)


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
    end_within_a_request(crowd)


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
