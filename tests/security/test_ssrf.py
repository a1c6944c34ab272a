"""What the server itself asks for: public addresses, or hosts that the settings name; no redirect, no surprise."""

import ast
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from core import fetching
from core.fetching import FetchError, bearable, chosen, fetch, get_json
from wiki.search import engines
from wiki.search.engines.base import EngineUnavailable
from wiki.search.engines.remote_client import StraightClient
from wiki.search.engines.remote_server import Server

NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("address", "outside", "inside"),
    [
        ("8.8.8.8", True, True),
        ("2606:4700::1111", True, True),
        ("127.0.0.1", False, True),
        ("127.8.8.8", False, True),
        ("10.1.2.3", False, True),
        ("172.16.0.1", False, True),
        ("192.168.1.1", False, True),
        ("::1", False, True),
        ("fd00::1", False, True),
        ("::ffff:10.1.2.3", False, True),
        ("::ffff:8.8.8.8", True, True),
        ("64:ff9b::a01:203", False, True),
        ("2002:a01:203::1", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("100.64.0.1", False, False),
    ],
)
def test_where_the_server_may_go(address, outside, inside):
    found = ipaddress.ip_address(address)
    assert bearable(found, inside=False) == outside
    assert bearable(found, inside=True) == inside


def answers(*addresses: str) -> Any:
    return lambda host, port: [(0, 0, 0, "", (address, port)) for address in addresses]


def test_all_that_a_name_leads_to_is_looked_at():
    assert chosen("idp.example", 443, NOBODY, answers("8.8.8.8", "8.8.4.4")) == ipaddress.ip_address("8.8.8.8")
    for rows in (answers("8.8.8.8", "10.0.0.1"), answers("10.0.0.1"), answers()):
        with pytest.raises(FetchError):
            chosen("idp.example", 443, NOBODY, rows)
    assert chosen("IDP.internal", 443, frozenset({"idp.internal"}), answers("10.0.0.1"))
    with pytest.raises(FetchError):
        chosen("idp.internal.evil.example", 443, frozenset({"idp.internal"}), answers("10.0.0.1"))


def test_the_connection_goes_where_was_looked(monkeypatch):
    """DNS rebinding: the name leads inside a moment later, and nobody asks it again."""
    said = [answers("8.8.8.8"), answers("127.0.0.1")]
    asked, gone = [], []

    def resolve(host, port):
        asked.append(host)
        return said.pop(0)(host, port)

    def connect(address, timeout):
        gone.append(address)
        raise OSError("far away")

    chosen.__defaults__, before = (resolve,), chosen.__defaults__
    try:
        monkeypatch.setattr(fetching.socket, "create_connection", connect)
        with pytest.raises(FetchError):
            get_json("https://idp.example/x", NOBODY)
    finally:
        chosen.__defaults__ = before
    assert (asked, gone) == (["idp.example"], [("8.8.8.8", 443)])


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/", "ftp://8.8.8.8/", "file:///etc/passwd", "https://me@8.8.8.8/", "https:///x", "https://8.8.8.8:0/",
        "https://8.8.8.8:99999/", "https://8.8.8.8/\r\nX: y", "https://8.8.8.8/ x", "gopher://x", "", "//8.8.8.8/",
        "https://127.0.0.1/", "https://[::1]/", "https://localhost/", "https://[/",
    ],
)  # fmt: skip
def test_what_is_no_address_for_it(url):
    with pytest.raises(FetchError):
        fetch("GET", url, NOBODY)


class Peer(BaseHTTPRequestHandler):
    """Answers by the path that is asked for."""

    seen: list[str] = []  # noqa: RUF012 - one server at a time

    def do_GET(self) -> None:
        self.seen.append(self.path)
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/inside")
            self.end_headers()
            return
        body = {"/long": b"1" * (fetching.LIMIT + 1), "/words": b"words", "/deep": b"[" * 100_000}.get(self.path, b"{}")
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        return


@pytest.fixture
def serving() -> Iterator[Callable[[type[BaseHTTPRequestHandler]], str]]:
    """``serving(kind)``: the address of a server that answers so, until the test ends."""
    with ExitStack() as ends:

        def begin(kind: type[BaseHTTPRequestHandler]) -> str:
            server = ends.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), kind))
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            ends.callback(thread.join)
            ends.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield begin


@pytest.fixture
def peer(serving):
    Peer.seen = []
    return serving(Peer)


HERE = frozenset({"127.0.0.1"})


@pytest.mark.parametrize("path", ["/elsewhere", "/long", "/words", "/deep", "/broken"])
def test_an_answer_that_is_not_as_it_should_be(peer, path):
    assert get_json(f"{peer}/plain", HERE) == {}
    with pytest.raises(FetchError):
        get_json(peer + path, HERE)
    assert Peer.seen == ["/plain", path], "no redirect was followed"
    with pytest.raises(FetchError):
        get_json(f"{peer}/plain", NOBODY)


class Elsewhere(Peer):
    """Whatever it is told, it names another server that is to be told the same."""

    target = ""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(307)
        self.send_header("Location", self.target + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - so it calls them


ORDERS: dict[str, Callable[[StraightClient], Any]] = {
    "search": lambda client: client.multi_search([{"indexUid": "a", "q": "words"}]),
    "terms": lambda client: client.index("a").facet_search("terms", "wo"),
    "new_index": lambda client: client.new_index("a", "key"),
    "indexes": lambda client: client.get_raw_indexes({"limit": 9}),
    "index": lambda client: client.get_raw_index("a"),
    "swap": lambda client: client.swap_indexes([{"indexes": ["a", "b"]}]),
    "drop": lambda client: client.delete_index("a"),
    "settings": lambda client: client.index("a").get_settings(),
    "set": lambda client: client.index("a").update_settings({"stopWords": []}),
    "stats": lambda client: client.index("a").get_stats(),
    "documents": lambda client: client.index("a").get_documents({"limit": 9}),
    "add": lambda client: client.index("a").add_documents([{"key": "1"}], "key"),
    "remove": lambda client: client.index("a").delete_documents(filter="key = 1"),
    "task": lambda client: client.get_task(1),
    "keys": lambda client: client.get_keys(),
    "new_key": lambda client: client.create_key({"actions": ["*"], "indexes": ["a"], "expiresAt": None}),
    "version": lambda client: client.get_version(),
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_search_server_that_sends_elsewhere_is_not_followed(peer, serving, monkeypatch, order):
    monkeypatch.setattr(Elsewhere, "target", peer)
    server = Server(serving(Elsewhere), "akey")
    with pytest.raises(EngineUnavailable, match="sends to another address"):
        server.tell(ORDERS[order])
    assert Peer.seen == [], "and the other heard nothing"


def orders(*files: Path) -> set[str]:
    """What the code of these files asks of the client, found by reading it."""
    calls = [
        node.func
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    ]
    return {call.attr for call in calls if re.fullmatch(r"(?:c|client)(?:\.index\(.*\))?", ast.unparse(call.value))}


def test_no_order_to_a_search_server_is_left_out_above():
    ours = orders(*Path(engines.__file__ or "").parent.glob("remote*.py"))
    assert "multi_search" in ours
    assert ours <= orders(Path(__file__)), "each of these has to be seen not to follow"


def test_a_peer_that_does_not_end_its_answer_is_left(monkeypatch):
    """It sends a byte whenever it would be given up, and would go on for ever."""
    monkeypatch.setattr(fetching, "PATIENCE", 1.5)  # half of it for the first byte
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stop = threading.Event()

        def drip() -> None:
            connection, _from = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                while not stop.wait(0.02):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        with pytest.raises(FetchError, match="too long"):
            get_json(f"http://127.0.0.1:{listening.getsockname()[1]}/", HERE)
        stop.set()
        thread.join()
