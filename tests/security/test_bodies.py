"""What is sent may be long: an article passes, fifty megabytes take no room, both are told in a sentence (S14)."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import web
from core.markup import LIMIT
from tests.support.inside import serving

FIFTY = 50 << 20
ROOM = 20 << 10  # kilobytes
STATUS = Path("/proc/self/status")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_the_longest_article_passes_and_a_longer_one_is_told_so(make, signed_in, kind):
    browser = signed_in(make.user())
    sent = {
        "title": "长文",
        "question": "问",
        "body": "一行文字，" * (LIMIT // 5),
        "csrf_token": browser.csrf("/new/faq"),
    }
    assert browser.post("/new/faq", data=sent, content_type=kind).status_code == 302
    answer = browser.post("/new/faq", data={**sent, "body": "一行文字，" * (6 * LIMIT // 5)}, content_type=kind)
    assert answer.status_code == 422
    assert "longer than 100000 characters" in answer.text


@pytest.fixture
def port(app) -> Iterator[int]:
    with serving(app, max_request_body_size=web.largest_body()) as number:
        yield number


def sent(port: int, head: bytes, *, chunked: bool) -> int:
    part = b"x" * (1 << 18)
    piece = b"%x\r\n%s\r\n" % (len(part), part) if chunked else part
    with socket.create_connection(("127.0.0.1", port), timeout=60) as line:
        line.sendall(head)
        with contextlib.suppress(OSError):  # it may hang up before the end
            for _n in range(FIFTY // len(part)):
                line.sendall(piece)
            line.sendall(b"0\r\n\r\n" if chunked else b"")
        return int(line.makefile("rb").readline().split()[1])


def peak() -> int:
    return int(STATUS.read_text().split("VmHWM:")[1].split()[0])


@pytest.mark.parametrize("how", ["with a length", "in chunks"])
@pytest.mark.parametrize("path", ["/login", "/healthz", "/nowhere", "/api/v1/submissions"])
def test_fifty_megabytes_take_no_room(port, path, how):
    chunked = how == "in chunks"
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % FIFTY
    head = b"POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n" % (path.encode(), length)
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    if not STATUS.exists():
        pytest.skip("how much memory a process took at most is told by Linux alone")
    before = peak()
    assert sent(port, head, chunked=chunked) == 413
    assert peak() - before < ROOM, "kilobytes"
