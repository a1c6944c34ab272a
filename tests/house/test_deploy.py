"""What lies in deploy/ is sound: examined line by line, and by its own programs where this machine has them."""

import re
import shlex
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import click
import pytest
import yaml

from core.errors import Unavailable
from core.running import LEAVES
from core.settings import ROOT, Settings
from tests.reliability.sites import until
from tests.support import run
from tests.support.server import free_port
from wiki.app import create_app

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
IMAGE = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?:[\w.-]+(@sha256:[0-9a-f]{64})?")  # no host, always a tag, never 'latest'
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")


def wanted(program: str) -> str:
    found = shutil.which(program)
    if not found:
        run.leave_out(f"{program} (its file was examined line by line only)", ci=False)
    return found


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (DEPLOY / "Dockerfile").read_text("utf-8"), flags=re.M).replace("\\\n", " ")
    found = [line.split(None, 1) for line in text.splitlines() if line.strip()]
    return [(word, rest.strip()) for word, rest in found]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def test_the_image_begins_with_a_named_base_and_ends_as_nobody() -> None:
    (name, _, default), *_ = [rest.partition("=") for word, rest in instructions() if word == "ARG"]
    assert IMAGE.fullmatch(default)
    assert not default.endswith(":latest")
    assert [stage[0][1].split()[0] for stage in stages()] == [f"${{{name}}}"] * 2
    last = [word for word, _rest in stages()[-1]]
    assert last.count("USER") == 1
    assert dict(stages()[-1])["USER"] == "10001:10001"
    assert not {"RUN", "COPY", "ADD"} & set(last[last.index("USER") :]), "nothing is made after the step down"
    assert "ADD" not in [word for word, _rest in instructions()]


def test_the_image_knows_its_health_and_its_end() -> None:
    last = dict(stages()[-1])
    assert last["CMD"].startswith("[")
    assert "/healthz" in last["HEALTHCHECK"]
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert "SPIRAL_VAR=/data" in last["ENV"]
    install = next(rest for word, rest in stages()[0] if word == "RUN")
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install


def test_the_image_takes_no_data_along() -> None:
    left_out = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert {".git", ".venv", "var", "dist"} <= set(left_out)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))


def ours(compose: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in compose["services"].items() if "SPIRAL_SECRET_KEY" in one.get("environment", {})}


def test_every_container_of_ours_is_shut_in(compose: dict[str, Any]) -> None:
    assert set(ours(compose)) == {"tables", "web", "worker"}
    for name, one in ours(compose).items():
        assert one["read_only"] is True, name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
        assert one["user"].split(":")[0] not in {"0", "root"}, name
        assert one["networks"] == ["inside"], name
    assert compose["networks"]["inside"]["internal"] is True
    published = [name for name, one in compose["services"].items() if "ports" in one]
    assert published == ["proxy"], "database and search are for the inside"
    (port,) = compose["services"]["proxy"]["ports"]
    assert port.startswith("${SPIRAL_BIND:-127.0.0.1}:"), "two proxies are believed: nobody may come past the first"


def test_images_are_named_without_a_host_and_with_a_tag(compose: dict[str, Any]) -> None:
    for name, one in compose["services"].items():
        (default,) = DEFAULT.findall(one["image"])
        assert name in ours(compose) or IMAGE.fullmatch(default), default
    texts = [path.read_text("utf-8") for path in DEPLOY.rglob("*") if path.is_file()]
    assert not [text for text in texts if re.search(r"\b(docker\.io|ghcr\.io|quay\.io|mcr\.|gcr\.io)", text)]


def test_no_secret_has_a_default(compose: dict[str, Any]) -> None:
    for one in compose["services"].values():
        for name, value in one.get("environment", {}).items():
            if re.search(r"KEY|PASSWORD|DATABASE_URL|SEARCH_URL", name):
                assert re.search(r"\$\{\w+:\?", str(value)), name
    for line in (DEPLOY / "compose.env.example").read_text("utf-8").splitlines():
        assert line.startswith("#") or line.endswith("=")


def test_settings_and_commands_of_the_containers_exist(compose: dict[str, Any], tmp_path: Path) -> None:
    known = {f"SPIRAL_{name.upper()}" for name in Settings.model_fields}
    cli = create_app({"var": tmp_path}).cli
    for one in ours(compose).values():
        assert {name for name in one["environment"] if name.startswith("SPIRAL_")} <= known
        program, *words = one["command"]
        if program == "flask":
            here: click.Command = cli
            for word in words[2:]:
                assert isinstance(here, click.Group)
                here = here.commands[word]
        else:
            assert program == "gunicorn"
            assert (ROOT / words[words.index("--config") + 1]).is_file()
    used = {mount.split(":")[0] for one in compose["services"].values() for mount in one.get("volumes", ())}
    assert {name for name in used if not name.startswith(".")} == set(compose["volumes"])
    assert all((DEPLOY / name).is_file() for name in used if name.startswith("."))


def test_compose_itself_takes_it() -> None:
    docker = wanted("docker")
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        run.leave_out("compose of docker (its file was examined line by line only)", ci=False)
    words = ["--file", str(DEPLOY / "compose.yaml"), "config", "--quiet"]
    given = {"SPIRAL_BASE_URL": "https://x.example", "SPIRAL_SECRET_KEY": "x", "POSTGRES_PASSWORD": "x"}
    done = subprocess.run(
        [docker, "compose", *words], env={**given, "MEILI_MASTER_KEY": "x", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


# ── units ────────────────────────────────────────────────────────────────────────────────────────────────────────────

HARDENED = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "PrivateTmp": "yes", "CapabilityBoundingSet": "",
    "MemoryDenyWriteExecute": "yes", "RestrictNamespaces": "yes", "UMask": "0027", "User": "spiral",
}  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units_are_shut_in_and_start_what_exists(unit: Path) -> None:
    lines = [line.partition("=") for line in unit.read_text("utf-8").splitlines() if "=" in line and line[0] != "#"]
    told = {name: value for name, _, value in lines}
    assert {name: told.get(name) for name in HARDENED} == HARDENED
    words = shlex.split(told["ExecStart"])
    assert words[0] == told["WorkingDirectory"] + "/.venv/bin/python"
    assert words[1] == "-m"
    assert words[2] in {"wiki.serve", "gunicorn", "flask"}


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = wanted("systemd-analyze")
    for unit in UNITS:
        text = unit.read_text("utf-8").replace("/opt/spiral/.venv/bin/python", "/bin/true")
        text = re.sub(r"^(Wants|EnvironmentFile)=.*$", "", text, flags=re.M).replace("=/opt/spiral\n", "=/\n")
        (tmp_path / unit.name).write_text(text)
    units = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run([analyze, "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for one in units:
        words = [analyze, "security", "--offline=yes", "--threshold=20", one]  # 2.0 of 10
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-300:]


# ── proxies ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-compose.conf"])
def test_nginx_takes_its_file(name: str, tmp_path: Path) -> None:
    nginx = wanted("nginx")
    text = (DEPLOY / name).read_text("utf-8").replace("web:8000", "127.0.0.1:9")
    text = re.sub(r"^\s*ssl_certificate.*$", "", text, flags=re.M).replace("443 ssl", "18443")
    text = re.sub(r"\b80;", "18080;", text)
    if "events" not in text:
        text = "events {}\nhttp {\n" + text + "\n}\n"
    about = f"error_log {tmp_path}/error.log;\n" + ("" if "pid " in text else f"pid {tmp_path}/pid;\n")
    (tmp_path / "nginx.conf").write_text(about + text.replace("/tmp/nginx.pid", f"{tmp_path}/pid"))
    words = [nginx, "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    caddy = wanted("caddy")
    words = [caddy, "validate", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"]
    about = {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run(words, env=about, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


@pytest.mark.parametrize("name", ["nginx.conf", "nginx-compose.conf", "Caddyfile"])
def test_proxies_keep_the_numbers_inside_and_let_the_largest_file_through(name: str) -> None:
    text = (DEPLOY / name).read_text("utf-8")
    assert "/metrics" in text
    limit = re.search(r"(?:client_max_body_size|max_size) (\d+)", text)
    assert limit
    assert int(limit[1]) >= Settings.model_fields["file_limit_mb"].default + 2


@pytest.mark.parametrize(("name", "refusal"), [("nginx.conf", "return 403"), ("Caddyfile", "respond /api/* 403")])
def test_a_program_that_speaks_in_the_clear_is_not_led_on(name: str, refusal: str) -> None:
    """Its token would go over the line each time, and nobody would notice."""
    plain = (DEPLOY / name).read_text("utf-8").partition("443" if name == "nginx.conf" else "\nspiral.example {")[0]
    assert "/api/" in plain
    assert refusal in plain


def seconds(text: str, *names: str) -> list[int]:
    """What is told in seconds under these names, in files of several sorts."""
    found = [re.findall(rf"\b{name}\W+(\d+)s?\b", text) for name in names]
    assert all(found), names
    return [int(each) for one in found for each in one]


def test_a_machine_that_ends_outlasts_what_proxies_remember_of_machines(compose: dict[str, Any]) -> None:
    """When it closes its door no line to it is left, one that came back before is asked again, and nobody kills it."""
    for name in ("nginx.conf", "nginx-compose.conf"):
        kept = seconds((DEPLOY / name).read_text("utf-8"), "keepalive_timeout", "fail_timeout")
        assert max(kept) + 1 < LEAVES, f"{name}: nginx counts whole seconds"
    assert max(seconds((DEPLOY / "Caddyfile").read_text("utf-8"), "keepalive", "health_interval")) < LEAVES
    (finish,) = seconds((DEPLOY / "gunicorn.conf.py").read_text("utf-8"), "FINISH =")
    killed = [seconds(unit.read_text("utf-8"), "TimeoutStopSec")[0] for unit in UNITS]
    killed += [int(compose["services"][name]["stop_grace_period"].rstrip("s")) for name in ("web", "worker")]
    assert min(killed) > LEAVES + finish + 8


class _Away(BaseHTTPRequestHandler):
    """A machine that serves, but what it asks others for is away."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(str(self.headers["X-Forwarded-For"]))
        self.send_response({"/away": Unavailable.status, "/lost": 503}.get(self.path, 200))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.server
def test_nginx_leaves_nobody_alone_because_of_what_is_away_elsewhere(tmp_path: Path) -> None:
    nginx, port = wanted("nginx"), free_port()
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _Away) for _ in range(2)]
    text = (DEPLOY / "nginx.conf").read_text("utf-8")
    text = re.sub(r"^\s*(ssl_.*|listen .*80;|listen \[::\].*)$", "", text, flags=re.M)
    text = text.replace("listen 443 ssl", f"listen 127.0.0.1:{port} default_server")
    for address, server in zip(("10.0.0.11:8000", "10.0.0.12:8000"), servers, strict=True):
        text = text.replace(address, f"127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
    folders = "".join(f"{name}_temp_path {tmp_path};" for name in ("client_body", "proxy"))
    about = f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; user root;"
    (tmp_path / "c").write_text(f"{about} events {{}} http {{ access_log off; {folders} {text} }}")
    with subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(tmp_path / "c")], stderr=subprocess.DEVNULL) as proxy:
        try:
            until(lambda: (tmp_path / "pid").exists() and _asked(port, "/") == 200, "nginx serves")
            assert [_asked(port, "/away") for _ in range(12)] == [504] * 12
            assert [_asked(port, "/") for _ in range(12)] == [200] * 12
            assert [_asked(port, "/lost") for _ in range(12)] == [503] * 12, "in our own words"
            assert [_asked(port, "/") for _ in range(12)] == [200] * 12, "nobody waits once one of them has come back"
            assert set(_Away.asked) == {"127.0.0.1"}, "what the client says of itself is left out"
        finally:
            proxy.terminate()
            for server in servers:
                server.shutdown()
                server.server_close()


def _asked(port: int, path: str) -> int:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"X-Forwarded-For": "192.0.2.66"})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
