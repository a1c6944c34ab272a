"""The start of a shift: a hundred people sign in at the same moment, each with a browser of their own."""

import http.client
import re
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.support.server import Server

PASSWORD = "a long and quiet morning"
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Start:
    """What they met: seconds until the last was in, how many were, and the most memory the server ever took."""

    seconds: float
    inside: int
    megabytes: float


def people(server: Server, count: int) -> list[str]:
    """So many representatives, all with one password: hashed once, for here it matters how long it takes to verify."""
    names = [f"early.{number}" for number in range(count)]
    file = server.var / "people.csv"
    file.write_text("\n".join(["username,roles", *(f"{name},rep" for name in names)]), "utf-8")
    server.flask("user", "import", str(file))
    server.flask("user", "password", names[0], "--password-stdin", stdin=PASSWORD + "\n")
    with closing(sqlite3.connect(server.var / "spiral.db")) as database, database:
        database.execute(
            "UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE username = ?)", [names[0]]
        )
    return names


def begins(server: Server, names: list[str]) -> Start:
    """All of them at once."""
    barrier = threading.Barrier(len(names) + 1)

    def sign_in(name: str) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        line.request("GET", "/login")
        page = line.getresponse()
        found, cookie = TOKEN.search(page.read().decode()), _cookie(page)
        assert found
        barrier.wait()
        form = urlencode({"username": name, "password": PASSWORD, "csrf_token": found[1]})
        head = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", "/login", form, head)
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.status == 303 and bool(_cookie(answer))

    with ThreadPoolExecutor(len(names)) as pool:
        told = [pool.submit(sign_in, name) for name in names]
        barrier.wait()
        began = time.perf_counter()
        inside = sum(one.result() for one in told)
        return Start(time.perf_counter() - began, inside, _most(server))


def _cookie(answer: http.client.HTTPResponse) -> str:
    return (answer.getheader("Set-Cookie") or "").split(";")[0]


def _most(server: Server) -> float:
    assert server.process
    told = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
    return int(told.split("VmHWM:")[1].split()[0]) / 1024
