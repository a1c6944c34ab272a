"""Load over HTTP, from this process on a server in another: as much as it takes, or so many a second at random."""

import asyncio
import atexit
import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.server import free_port


@dataclass
class Load:
    """What came of it. Times in milliseconds, sorted once `done`."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    errors: int = 0
    requests: int = 0
    tool: str = "Python client"

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The time within which this share (0 … 1) of the requests was answered."""
        times = sorted(self.times)
        return times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")


@dataclass(frozen=True, slots=True)
class Call:
    """One request. A plain path is a GET."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


class Connection:
    """One kept-alive HTTP/1.1 connection; it reads answers with Content-Length or chunks."""

    def __init__(self, base: str, headers: Mapping[str, str]) -> None:
        address = urlsplit(base)
        self.host, self.port = address.hostname or "127.0.0.1", address.port or 80
        self.head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": self.host, **headers}.items())
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def send(self, what: str | Call) -> int:
        """The status of the answer, after all of it was read."""
        call = what if isinstance(what, Call) else Call(what)
        body = call.body.encode()
        own = dict(call.headers)
        if body:
            own |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in own.items())
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        assert self.reader
        self.writer.write(f"{call.method} {call.path} HTTP/1.1\r\n{self.head}{lines}\r\n".encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        if status in {204, 304}:
            pass
        elif length := re.search(rb"content-length: *(\d+)", head):
            await self.reader.readexactly(int(length[1]))
        elif b"chunked" in head:
            while size := int((await self.reader.readline()).split(b";")[0], 16):
                await self.reader.readexactly(size + 2)
            await self.reader.readline()
        if b"connection: close" in head:
            self.close()
        return status

    def close(self) -> None:
        if self.writer:
            self.writer.close()
            self.writer = None


async def _timed(connection: Connection, what: str | Call, load: Load, began: float) -> None:
    try:
        good = await connection.send(what) < 400
    except (OSError, asyncio.IncompleteReadError, ValueError):
        connection.close()
        good = False
    load.requests += good
    load.errors += not good
    load.times.append((time.perf_counter() - began) * 1000)


def hammer(
    base: str,
    paths: Sequence[str | Call],
    *,
    connections: int = 16,
    seconds: float = 5,
    headers: Mapping[str, str] | None = None,
    own: bool = False,
) -> Load:
    """Each connection asks again as soon as it is answered; they walk through the paths from places far apart.

    wrk asks for a single path where it is installed, unless ``own``: it leaves the server more. What is compared must
    be asked by the same.
    """
    if not own and shutil.which("wrk") and len(paths) == 1 and isinstance(paths[0], str):
        return _wrk(base + paths[0], connections, seconds, headers or {})
    load = Load()

    async def one(number: int, end: float) -> None:
        connection = Connection(base, headers or {})
        turn = number * len(paths) // connections
        while (now := time.perf_counter()) < end:
            await _timed(connection, paths[turn % len(paths)], load, now)
            turn += 1
        connection.close()

    async def all_of_them() -> None:
        began = time.perf_counter()
        await asyncio.gather(*(one(number, began + seconds) for number in range(connections)))
        load.seconds = time.perf_counter() - began

    asyncio.run(all_of_them())
    return load


def _wrk(url: str, connections: int, seconds: float, headers: Mapping[str, str]) -> Load:
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    for name, value in headers.items():
        words += ["-H", f"{name}: {value}"]
    said = subprocess.run([*words, url], capture_output=True, text=True, check=True).stdout
    total = re.search(r"(\d+) requests in ([\d.]+)(m?s)", said)
    assert total, said
    load = Load(requests=int(total[1]), seconds=float(total[2]) / (1000 if total[3] == "ms" else 1), tool="wrk")
    bad = sum(int(number) for number in re.findall(r"(?:Non-2xx or 3xx responses: |timeout |read |write )(\d+)", said))
    load.errors, load.requests = bad, load.requests - bad
    return load


def each_once(base: str, calls: Sequence[str | Call], *, connections: int, seconds: float) -> Load:
    """So many clients without pause share out the calls; it ends with the calls or the seconds."""
    load = Load()
    waiting = iter(calls)

    async def one(end: float) -> None:
        connection = Connection(base, {})
        for call in waiting:
            if (now := time.perf_counter()) >= end:
                break
            await _timed(connection, call, load, now)
        connection.close()

    async def all_of_them() -> None:
        began = time.perf_counter()
        await asyncio.gather(*(one(began + seconds) for _ in range(connections)))
        load.seconds = time.perf_counter() - began

    asyncio.run(all_of_them())
    return load


def one_by_one(base: str, path: str, *, times: int, headers: Mapping[str, str] | None = None) -> Load:
    """The same page so many times, one after the other."""
    return each_once(base, [Call(path, headers=headers or {})] * times, connections=1, seconds=60)


def arrivals(
    base: str,
    calls: Sequence[str | Call],
    *,
    rate: float,
    seconds: float = 10,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Requests arrive at random, ``rate`` a second on average, whether or not earlier ones are answered.

    They are taken in turn, from the first again after the last.
    """
    load = Load(seconds=seconds)
    chance = random.Random(7)  # the same arrivals in every run
    free: list[Connection] = []

    async def one(call: str | Call, due: float) -> None:
        connection = free.pop() if free else Connection(base, headers or {})
        await _timed(connection, call, load, due)
        free.append(connection)

    async def all_of_them() -> None:
        due = time.perf_counter()
        end = due + seconds
        tasks: list[asyncio.Task[None]] = []
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(one(calls[len(tasks) % len(calls)], due)))
            due += chance.expovariate(rate)
        await asyncio.gather(*tasks)
        for connection in free:
            connection.close()

    asyncio.run(all_of_them())
    return load


@dataclass(frozen=True, slots=True)
class Serving:
    """A server and its process, whose processor time can be asked for."""

    base: str
    process: int


def serving(module: str) -> Serving:
    """`python -m MODULE PORT` runs as a process of its own until the end of this one."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", module, str(port)], stdout=subprocess.DEVNULL)
    atexit.register(process.terminate)
    _wait(port)
    return Serving(f"http://127.0.0.1:{port}", process.pid)


def processor(process: int) -> float:
    """Seconds of processor time that all threads of a process have used so far."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _wait(port: int) -> None:
    import socket

    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.025)
    raise RuntimeError("the server did not start within 10 s")
