"""What stands around a request: slow connections beside it, and what it costs to be counted and told."""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator
from statistics import median
from urllib.parse import urlsplit

from benchmarks.bench_pages import good
from benchmarks.centres import centre, folder, server
from benchmarks.harness import Figure, benchmark
from benchmarks.load import one_by_one
from core.logs import Json
from core.metrics import Book

CRAWL = 0.5  # seconds between two bytes of a slow client


@contextlib.contextmanager
def slow_clients(base: str, count: int) -> Iterator[list[socket.socket]]:
    """So many connections: a third never ends its head, a third its body, a third says nothing at all."""
    place = (urlsplit(base).hostname or "127.0.0.1", urlsplit(base).port or 80)
    heads = [
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\n",
        b"",
    ]
    open_ones: list[socket.socket] = []
    ended = threading.Event()

    def crawl() -> None:
        while not ended.wait(CRAWL):
            for number, one in enumerate(open_ones):
                if heads[number % 3]:
                    with contextlib.suppress(OSError):
                        one.send(b"a")

    crawler = threading.Thread(target=crawl, daemon=True)
    try:
        for number in range(count):
            open_ones.append(socket.create_connection(place, timeout=10))
            open_ones[-1].sendall(heads[number % 3])
        crawler.start()
        yield open_ones
    finally:
        ended.set()
        for one in open_ones:
            one.close()


@benchmark("healthz beside slow connections, p99", unit="ms", target=100, tenfold=100)
def beside_slow_ones(times: int) -> Figure:
    """Sixty of them, and six hundred; answered one after the other meanwhile."""
    base = server(1).base
    with slow_clients(base, 60 * times) as clients:
        time.sleep(2 * CRAWL)
        load = good(one_by_one(base, "/healthz", times=200))
    about = f"{len(clients)} slow connections, p50 {load.percentile(0.5):.1f}, slowest {max(load.times):.1f} ms"
    return Figure(load.percentile(0.99), about)


def _each(work: object, count: int = 5_000) -> float:
    """Microseconds of one call, the median of five rounds."""
    assert callable(work)
    took = []
    for _round in range(5):
        began = time.perf_counter()
        for _n in range(count):
            work()
        took.append((time.perf_counter() - began) / count * 1e6)
    return median(took)


@benchmark("counting a request, shared with other processes", unit="µs", target=20, tenfold=20)
def counting(times: int) -> Figure:
    """One record written, beside a hundred or a thousand others."""
    book = Book()
    book.share(folder("metrics"))
    for number in range(100 * times):
        book.observe(("made", (str(number),)), 0.01)
    return Figure(_each(lambda: book.observe(("made", ("7",)), 0.01)), f"{100 * times:,} series")


@benchmark("telling of a request as JSON", unit="µs", target=50, tenfold=50)
def telling(times: int) -> Figure:
    """The line, made and thrown away; of an address ten times as long."""
    route = "/articles/<slug>" * times
    record = logging.LogRecord("spiral.request", logging.INFO, "", 0, "%s %s", ("GET", route), None)
    record.told = {"method": "GET", "route": route, "status": 200, "ms": 3.1, "user": 7, "slow": False}
    form = Json()
    with centre(1).app.app_context():
        return Figure(_each(lambda: form.format(record)))


@benchmark("metrics, the whole page", unit="ms", target=100, tenfold=100)
def metrics_page(times: int) -> Figure:
    """With every gauge of a centre of this size."""
    base = server(times).base
    load = good(one_by_one(base, "/metrics", times=30))
    return Figure(load.percentile(0.5), f"p99 {load.percentile(0.99):.0f} ms")
