"""A site of real hosts (``tests/support/namespaces.py``), put up by what lies in deploy/, as docs/operation.md says.

outside 198.51.100.0/24            10.0.0.0/24, one switch
client, other ─────────── proxy .2 (nginx, deploy/nginx.conf) ── one .11, two .12 (deploy/gunicorn.conf.py)
                                                               └─ data .10 (PostgreSQL, Meilisearch)
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from core.settings import ROOT
from tests.clients import PASSWORD, TOKEN
from tests.reliability.crowd import Crowd, crowd_at
from tests.reliability.sites import until
from tests.support import meilisearch, postgres, run
from tests.support.namespaces import Host, Network, network
from tests.support.server import FAST, Server
from tests.support.sockets import freed

NAME = "spiral.example"
DOOR = "198.51.100.1"
KEY = "m" * 32
DATABASE = "postgresql://postgres@10.0.0.10/postgres"
KEEP = """
import sys
from pathlib import Path
from tests.support import postgres_keeper as keeper
keeper.SETTINGS |= {"listen_addresses": "10.0.0.10", "hba_file": sys.argv[4]}
keeper.main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
"""
AROUND = """
daemon off;
worker_processes 2;
user root;
pid {place}/nginx.pid;
error_log {place}/nginx.log;
events {{ }}
http {{
    log_format who '$status $request_method $upstream_addr';
    access_log {place}/access.log who;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/passed;
    include {place}/spiral.conf;
}}
"""


@dataclass
class Answer:
    status: int  # 0: nobody answered
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        return json.loads(self.body or b"null")


@dataclass
class Site:
    """The hosts, and what stands in the database (through the socket's file, which knows no network)."""

    place: Path
    net: Network
    crowd: Crowd
    settings: dict[str, str]
    data: Host
    proxy: Host
    apps: dict[str, Host]
    people: dict[str, Host]  # those outside
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """Gunicorn serves on this host, with the configuration that is shipped."""
        words = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:application"]
        self.servers[name] = self.apps[name].run(*words, cwd=ROOT, env=self.of(name), log=self.log(name))
        until(lambda: self.ready(name), f"{name} is ready\n{self.tail(name)}")

    def end(self, name: str) -> int:
        """As a service manager ends it; its exit code."""
        self.servers[name].send_signal(signal.SIGTERM)
        return self.servers[name].wait(60)

    def of(self, name: str) -> dict[str, str]:
        return {**self.settings, "SPIRAL_VAR": str(self.place / f"var-{name}"), "HOST": self.apps[name].address}

    def log(self, name: str) -> Path:
        return self.place / f"{name}.log"

    def tail(self, name: str) -> str:
        return self.log(name).read_text("utf-8", "replace")[-2000:] if self.log(name).exists() else ""

    def ready(self, name: str) -> bool:
        """As its own machine sees it."""
        host = self.apps[name]
        return self.ask(host, "GET", "/readyz", to=(host.address, 8000), plain=True).status == 200

    def served_by(self, since: int = 0) -> list[str]:
        """The last of those whom nginx asked, one for each request behind the ``since``-th line of its log."""
        lines = (self.place / "access.log").read_text("utf-8").splitlines()[since:]
        return [line.split()[-1] for line in lines]

    def asked(self) -> int:
        return len(self.served_by())

    def ask(
        self, host: Host, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, *,
        to: tuple[str, int] = (DOOR, 443), plain: bool = False, timeout: float = 60,
    ) -> Answer:  # fmt: skip
        """One request from this host on a connection of its own."""
        line = http.client.HTTPConnection(NAME, timeout=timeout)
        try:
            line.sock = host.connect(*to, timeout=timeout)
            if not plain:
                trusted = ssl.create_default_context(cafile=str(self.place / "fullchain.pem"))
                line.sock = trusted.wrap_socket(line.sock, server_hostname=NAME)
            line.request(method, path, body, headers or {})
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException):
            return Answer(0, http.client.HTTPMessage(), b"")
        finally:
            line.close()

    def passed_on(self, name: str, path: str, cookie: str = "") -> Answer:
        """The same request at one host, as the proxy passes it on."""
        headers = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": NAME}
        to = (self.apps[name].address, 8000)
        return self.ask(self.proxy, "GET", path, None, {**headers, "Cookie": cookie}, to=to, plain=True)


@dataclass
class Browser:
    """Somebody outside with cookies."""

    site: Site
    host: Host
    forged: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> Answer:
        headers = {**self.forged, "Cookie": self.cookie, "Referer": f"https://{NAME}{path}"}
        answer = self.site.ask(self.host, method, path, body, headers | ({"Content-Type": kind} if kind else {}))
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def token(self, page: str) -> str:
        found = TOKEN.search(self.ask("GET", page).text)
        assert found, page
        return found[1]

    def sign_in(self, username: str, password: str = PASSWORD) -> Answer:
        fields = {"username": username, "password": password, "csrf_token": self.token("/login")}
        return self.ask("POST", "/login", urlencode(fields).encode(), "application/x-www-form-urlencoded")


# ── putting it up ────────────────────────────────────────────────────────────────────────────────────────────────────


def _database(place: Path, host: Host) -> str:
    """PostgreSQL answers on this host; the address by its socket's file."""
    folder = place / "pg"
    folder.mkdir()
    (folder / "hba").write_text("local all all trust\nhost all all 10.0.0.0/24 trust\n")
    words = ["-c", KEEP, str(folder), str(os.getpid()), postgres._installation(), str(folder / "hba")]
    host.run(sys.executable, *words, cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, log=place / "pg.log")
    until((folder / "postgres.json").exists, "PostgreSQL answers")
    return f"postgresql://postgres@/postgres?host={json.loads((folder / 'postgres.json').read_text())['socket']}"


def _search(place: Path, host: Host) -> None:
    words = [meilisearch.binary(), "--http-addr", "10.0.0.10:7700", "--master-key", KEY, "--no-analytics"]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(place)}
    (place / "search").mkdir()
    host.run(*words, "--log-level", "WARN", cwd=place / "search", env=env, log=place / "search.log")


def _proxy(place: Path, host: Host) -> None:
    """nginx serves by the file that is shipped; only where the certificate lies is changed."""
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    files = ["-keyout", str(place / "key.pem"), "-out", str(place / "fullchain.pem")]
    subprocess.run([*words, *files, "-addext", f"subjectAltName=DNS:{NAME}"], check=True, capture_output=True)
    shipped = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    assert re.findall(r"server (10\.\S+:8000)", shipped) == 2 * ["10.0.0.11:8000", "10.0.0.12:8000"]
    (place / "spiral.conf").write_text(shipped.replace("/etc/ssl/spiral/", f"{place}/"))
    (place / "nginx.conf").write_text(AROUND.format(place=place))
    words = ["nginx", "-p", str(place), "-c", str(place / "nginx.conf")]
    host.run(*words, cwd=place, env={"PATH": "/usr/sbin:/usr/bin:/bin"}, log=place / "proxy.log")


@contextlib.contextmanager
def site() -> Iterator[Site]:
    """All of it serves; nothing of it is left afterwards. Skips where a part cannot be had here."""
    for program in ("nginx", "openssl"):
        if not shutil.which(program):
            run.leave_out(program, f"sudo apt-get install -y {program}", ci=False)
    place = Path(tempfile.mkdtemp(prefix="spiral-hosts-"))
    place.chmod(0o755)  # PostgreSQL runs as somebody else
    try:
        with network() as net, _built(place, net) as found:
            yield found
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextlib.contextmanager
def _built(place: Path, net: Network) -> Iterator[Site]:
    data, proxy = net.host("data", "10.0.0.10/24"), net.host("proxy", "10.0.0.2/24")
    apps = {"one": net.host("one", "10.0.0.11/24"), "two": net.host("two", "10.0.0.12/24")}
    people = {"client": net.outside("client", "198.51.100.7/24", proxy, f"{DOOR}/24")}
    people["other"] = net.outside("other", "203.0.113.8/24", proxy, "203.0.113.1/24")
    socket = _database(place, data)
    _search(place, data)
    common = {
        "SPIRAL_DEMO": "0", "SPIRAL_LOCALE": "en", "SPIRAL_RATE": FAST, "SPIRAL_SECRET_KEY": "k" * 40,
        "SPIRAL_FILES_URL": f"file://{place}/shared", "SPIRAL_SEARCH_URL": f"meilisearch://{KEY}@10.0.0.10:7700/site",
    }  # fmt: skip
    beside = Server(place / "beside", **common, SPIRAL_DATABASE_URL=socket)
    beside.flask("db", "upgrade")
    settings = {
        **{name: value for name, value in freed(beside.environment).items() if name != "SPIRAL_VAR"},
        "SPIRAL_DATABASE_URL": DATABASE, "SPIRAL_BASE_URL": f"https://{NAME}", "SPIRAL_PROXIES": "1",
        "SPIRAL_WORKERS": "2", "SPIRAL_METRICS_FROM": "10.0.0.0/8", "PORT": "8000",
    }  # fmt: skip
    with crowd_at(beside) as crowd:
        found = Site(place, net, crowd, settings, data, proxy, apps, people)
        for name in apps:
            found.begin(name)
        _proxy(place, proxy)
        until(lambda: found.ask(people["client"], "GET", "/healthz").status == 200, "the site answers")
        yield found
