"""What ``dast.sh`` does once a site is up: sign in as everybody, look for addresses and forms, let scanners at them.

The crawl is ours (``forms``): it knows what to leave alone – signing out, ending one's own sign-ins, new passwords.
What programs may send is read from the site's own OpenAPI document (``calls``); sqlmap alone gets it.
Of wapiti's modules four are left out: ``cookieflags`` and ``https_redirect`` look at the transport, which is plain HTTP
on loopback here (``test_headers_of_a_site_on_https`` looks at it); ``ldap`` and ``xpath`` compare answers with each
other, and take every new CSRF token for a difference.
"""

import argparse
import contextlib
import json
import os
import pty
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from urllib.request import build_opener

from tests.security.crawled import JSON, Site, crawl, make_of, signed_in

# Its second way compares answers with each other; at the door they differ because the wait grows. sqlmap looks there.
GROWING = re.compile(r"SQL Injection: POST /login \w+ SQL Injection via")
TESTED = re.compile(r"testing for SQL injection on .*?parameter '(?:JSON )?([^']+)'")
AT_ONCE = 4  # runs of sqlmap
FEW = 5  # parameters of a run: of the form that changes an article, more take longer than its five minutes
MODULES = (
    "sql,timesql,xss,permanentxss,exec,file,crlf,redirect,ssrf,xxe,upload,htaccess,methods,backup,csp,http_headers,"
    "csrf,information_disclosure,inconsistent_redirection,log4shell,spring4shell,shellshock"
)


# ── sqlmap ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def sample(shape: dict[str, Any], parts: dict[str, Any]) -> Any:
    """Something that fits a shape of the document, as plain as can be."""
    if "$ref" in shape:
        return sample(parts[shape["$ref"].rpartition("/")[2]], parts)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in shape:
            return sample(shape[several][0], parts)
    if "const" in shape or "enum" in shape:
        return shape.get("const", shape.get("enum", [None])[0])
    kind = shape.get("type")
    if kind == "object":
        return {name: sample(each, parts) for name, each in shape.get("properties", {}).items()}
    if kind == "array":
        return [sample(shape.get("items", {}), parts)]
    if kind == "string" and "date" in shape.get("format", ""):
        return "2026-11-20" if shape["format"] == "date" else "2026-11-20T08:00:00Z"
    plain: dict[str | None, Any] = {"integer": max(1, shape.get("minimum", 1)), "number": 1.5, "boolean": True}
    return plain.get(kind, "a")


def there(site: Site, path: str) -> str:
    """The address with a mark behind whatever stands for a thing: the first of its list, where it has one."""
    within = path.partition("/{")[0]
    rows = (site.call("GET", within)[1] or {}).get("items") or [{}]
    first = rows[0].get("slug") or rows[0].get("id") or "1"
    return re.sub(r"\{\w+\}", lambda _found: f"{quote(str(first))}*", path)


def calls(site: Site) -> Iterator[str]:
    """The calls of programs that let this person in, as sqlmap reads them; ``*`` marks what stands in the path."""
    if not site.token:
        return
    _status, document = site.call("GET", "/api/v1/openapi.json")
    parts = document["components"]["schemas"]
    head = f"Host: {urlsplit(site.base).netloc}\nAuthorization: Bearer {site.token}\nUser-Agent: dast\n"
    for path, ways in document["paths"].items():
        for way, call in ways.items():
            asked = {
                each["name"]: sample(each["schema"], parts)
                for each in call.get("parameters", [])
                if each["in"] == "query"
            }
            shape = call.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
            body = sample(shape, parts) if shape else None
            where = there(site, path) + (f"?{urlencode(asked)}" if asked else "")
            if path.endswith("/tokens") or not (asked or body or "*" in where):
                continue
            if site.call(way.upper(), where.replace("*", ""), body)[0] in {401, 403, 404}:
                continue  # somebody else is let in
            sent = json.dumps(body) if body else ""
            kind = f"Content-Type: {JSON}\nContent-Length: {len(sent)}\n" if sent else ""
            yield f"{way.upper()} {where} HTTP/1.1\n{head}{kind}\n{sent}"


def requests(site: Site) -> Iterator[str]:
    """Each make of request with parameters, as sqlmap reads it from a file; the token of forms is left alone."""
    yield from calls(site)
    host = urlsplit(site.base).netloc
    head = f"Host: {host}\nCookie: {site.cookie}\nUser-Agent: dast\n"
    for page in site.pages:
        if urlsplit(page).query:
            yield f"GET {page} HTTP/1.1\n{head}\n"
    for form in site.found.values():
        where = quote(form.action.replace(site.base, ""), safe="/?=&%")
        if form.method == "GET" and form.values:
            query = urlencode({name: value or "a" for name, value in form.values.items()})
            yield f"GET {where.split('?')[0]}?{query} HTTP/1.1\n{head}\n"
        elif form.method == "POST" and set(form.values) - {"csrf_token"}:
            body = urlencode({name: value or "a" for name, value in form.values.items()})
            kind = "Content-Type: application/x-www-form-urlencoded\n"
            yield f"POST {where} HTTP/1.1\n{head}{kind}Content-Length: {len(body)}\n\n{body}"


def parameters_of(text: str) -> set[str]:
    """What can be tried in a request: the names it sends, each with the rule of its address; ``*`` is of the path."""
    method, where, _rest = text.split(" ", 2)
    parts, body = urlsplit(where), text.rpartition("\n\n")[2] if method != "GET" else ""
    names = {name for name, _value in parse_qsl(parts.query, keep_blank_values=True)} | ({"*"} & set(parts.path))
    if body.startswith(("{", "[")):
        names |= set(json.loads(body)) if body.startswith("{") else {"[]"}
    else:
        names |= {name for name, _value in parse_qsl(body, keep_blank_values=True)}
    return {f"{method} {make_of(parts.path)} {name}" for name in names - {"csrf_token"}}


def ask_sqlmap(file: Path, out: Path, names: Collection[str] = ()) -> tuple[set[str], list[str]] | None:
    """What sqlmap tried and what it calls injectable in the request of this file; nothing: not done in five minutes.

    ``names``: the parameters that are tried; none: all of them, also those that its first look finds unlikely (which
    ``--smart`` would leave out).
    """
    command = ["sqlmap", "-r", str(file), "--batch", "--level=1", "--risk=1", "--threads=2", "--technique=BE",
               "--dbms=SQLite", "--disable-coloring", f"--output-dir={out / 'sqlmap' / file.stem}", "--flush-session",
               "--ignore-code=*", "--retries=1", "--timeout=15"]  # fmt: skip
    command += ["-p", ",".join(sorted(names))] if names else ["--skip=csrf_token"]
    ours, its = pty.openpty()  # without a terminal it reads its targets from there, and leaves the file alone
    try:
        done = subprocess.run(command, stdin=its, capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return None
    finally:
        os.close(ours)
        os.close(its)
    (out / "sqlmap.log").open("a").write(f"== {file.name}\n{done.stdout}\n{done.stderr}\n")
    found = re.compile(r"^Parameter: |is vulnerable")  # what 'appears to be injectable' it looks at once more itself
    tested = {re.sub(r"#\d+", "", name) for name in TESTED.findall(done.stdout)}
    return tested, [f"{file.name}: {line}" for line in done.stdout.splitlines() if found.search(line)]


@dataclass(slots=True)
class Parameters:
    """Those of all roles: each is tried once, in the place of whoever meets it first."""

    chance: random.Random  # their order
    seen: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)

    def wanted(self, texts: list[str]) -> list[tuple[set[str], str]]:
        """Few of these requests in which every parameter that was not tried yet stands, and which those are."""
        found, planned = [], set(self.tried)
        for new, text in sorted(((parameters_of(text), text) for text in texts), key=lambda each: -len(each[0])):
            self.seen |= new
            if new - planned:
                found.append((new - planned, text))
                planned |= new
        self.chance.shuffle(found)
        return found


def sqlmap(site: Site, out: Path, seconds: float, parameters: Parameters) -> tuple[int, list[str]]:
    """How many parameters were tried in time, and what sqlmap calls injectable."""
    ends, before = time.monotonic() + seconds, len(parameters.tried)
    wanted = in_parts(parameters.wanted(list(requests(site))))
    print(f"{site.name or 'nobody'}: {sum(len(new) for new, _text in wanted)} parameters in {len(wanted)} requests not "
          "tried yet", flush=True)  # fmt: skip

    def ask(number: int, new: set[str], text: str) -> list[str]:
        if time.monotonic() > ends:
            return []
        file = out / f"{site.name or 'nobody'}-{number}.txt"
        names = {one.rpartition(" ")[2] for one in new}
        where, rest = text.split("\n", 1)
        file.write_text(text if "*" in names else where.replace("*", "") + "\n" + rest)  # it would look at that alone
        found = ask_sqlmap(file, out, () if "*" in names or JSON in text else names)
        if found is None:
            print(f"{file.name}: sqlmap did not end in five minutes: {', '.join(sorted(new))}", flush=True)
            return []
        tested, told = found
        if tested and JSON in text:  # its name for a leaf is not that of the field which holds it: it tries them all
            parameters.tried |= new
        parameters.tried |= {one for one in new if one.rpartition(" ")[2] in tested}
        return told

    with ThreadPoolExecutor(AT_ONCE) as pool:
        told = list(pool.map(lambda each: ask(each[0], *each[1]), enumerate(wanted)))
    return len(parameters.tried) - before, [line for lines in told for line in lines]


def in_parts(wanted: list[tuple[set[str], str]]) -> list[tuple[set[str], str]]:
    """No form asks for more than a few of its parameters at once: sqlmap would not come to its end."""
    parts = []
    for new, text in wanted:
        names, few = sorted(new), len(new) if JSON in text else FEW
        parts += [(set(names[begin : begin + few]), text) for begin in range(0, len(names), few)]
    return parts


# ── a site with holes ────────────────────────────────────────────────────────────────────────────────────────────────


class Holed(BaseHTTPRequestHandler):
    """Two holes on purpose, and nothing of the product: who does not find them would find nothing."""

    def do_GET(self) -> None:  # the name is that of the standard library
        asked = dict(parse_qsl(urlsplit(self.path).query))
        word, number = asked.get("word", ""), asked.get("id", "1")
        rows: list[tuple[str]] = []
        with contextlib.suppress(sqlite3.Error):
            rows = BOOKS.execute(f"SELECT title FROM books WHERE id = {number}").fetchall()  # the hole
        page = f"<a href='/?id=1'>1</a><form><input name=word></form><p>{word}</p><p>{rows}</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(f"<!doctype html><html><body>{page}</body></html>".encode())

    def log_message(self, *_about: object) -> None:
        """Nothing is told of it."""


BOOKS = sqlite3.connect(":memory:", check_same_thread=False)
BOOKS.executescript("CREATE TABLE books (id INTEGER, title TEXT); INSERT INTO books VALUES (1, 'one'), (2, 'two');")


def must_see(program: str, out: Path) -> None:
    """Both scanners find what is planted, or the run is worth nothing."""
    server = HTTPServer(("127.0.0.1", 0), Holed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    site = Site(
        f"http://127.0.0.1:{server.server_port}", "planted", build_opener(), CookieJar(), ["/?id=1", "/?word=a"]
    )
    file = out / "planted.txt"
    file.write_text(f"GET /?id=1 HTTP/1.1\nHost: 127.0.0.1:{server.server_port}\nUser-Agent: dast\n\n")
    began = time.monotonic()
    _tested, found = ask_sqlmap(file, out) or (set(), [])
    _looked, holes, _notes = wapiti(program, site, out, 40)
    server.shutdown()
    holes = [one for one in holes if "Reflected" in one or "SQL" in one]
    if not found or not all(any(kind in one for one in holes) for kind in ("Reflected", "SQL")):
        sys.exit(f"the scanners are blind: of two planted holes sqlmap found {found}, wapiti {holes}")
    print(f"planted holes were found by both in {time.monotonic() - began:.0f} s: {found[0]}; {holes}", flush=True)


# ── wapiti ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def wapiti(program: str, site: Site, out: Path, seconds: float) -> tuple[int, list[str], list[str]]:
    """How many addresses were looked at, what it calls a hole, and what it notes besides. No time: it is left out."""
    if not seconds:
        return 0, [], []
    who = site.name or "nobody"
    report = out / f"wapiti-{who}.json"
    command = [program, "-u", site.base + "/", "--scope", "domain", "-m", MODULES, "--flush-session", "--no-bugreport",
               "-f", "json", "-o", str(report), "-H", f"Cookie: {site.cookie}", "-d", "4", "--tasks", "4", "-v", "0",
               "--max-scan-time", str(int(seconds)), "--max-attack-time", str(max(8, int(seconds / 15))), "-t", "15",
               "-S", "polite", "--max-links-per-page", "60",
               "--store-session", str(out / f"wapiti-{who}")]  # fmt: skip
    for one in ("/logout", "/static/*", "/profile/sessions/*", "/admin/people/*/disable", "/admin/people/*/password"):
        command += ["-x", site.base + one]
    for page in site.pages:
        command += ["-s", site.base + page]
    for _turn in range(2):  # its own database locks it out at times
        if not report.exists():
            with (out / "wapiti.log").open("a") as log:
                subprocess.run(command, stdout=log, stderr=log, timeout=seconds * 4 + 600, check=False)
    if not report.exists():
        return 0, [f"{who}: wapiti ended without a report; see wapiti.log"], []
    found = json.loads(report.read_text())
    told = [
        f"{who}: {kind}: {one['method']} {one['path']} {one.get('parameter') or ''} {one['info']}"
        for kind, rows in found["vulnerabilities"].items()
        for one in rows
    ]
    holes = [line for line in told if not GROWING.search(line)]
    notes = [line for line in told if GROWING.search(line)] + [
        f"{who}: {kind}: {one['path']} {one['info']}"[:200]
        for part in ("anomalies", "additionals")
        for kind, rows in found[part].items()
        for one in rows
    ]
    return int(found["infos"].get("crawled_pages_nbr", 0)), holes, notes


def wait_for(base: str, log: Path) -> None:
    for _ in range(240):
        try:
            build_opener().open(base + "/healthz", timeout=2).read()
        except (HTTPError, URLError, OSError):
            time.sleep(1)
        else:
            return
    sys.exit(f"the site does not answer:\n{log.read_text()[-2000:]}")


def logins(var: Path) -> list[tuple[str, str]]:
    """(username, password) of one person in every role, and of nobody."""
    rows = [row.split("\t") for row in (var / "demo-logins").read_text("utf-8").splitlines()]
    named = {row[0]: row[1] for row in rows if len(row) > 1}
    people = ("chenyu", "qianwei", "shenlan", "hanmei", "wuqiang", "gaoyuan", "davidlee")  # one of each role
    return [("", ""), *((name, named[name]) for name in people)]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("base", "var", "out", "wapiti", "server-log"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--wapiti-minutes", type=float)
    parser.add_argument("--most", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--tried", type=Path, help="parameters that an earlier run tried (its tried.txt)")
    parser.add_argument("who", nargs="*")
    chosen = parser.parse_args()
    out, seconds = Path(chosen.out).absolute(), chosen.minutes * 60
    wapiti_seconds = seconds if chosen.wapiti_minutes is None else chosen.wapiti_minutes * 60
    print(f"--seed {chosen.seed}", flush=True)
    wait_for(chosen.base, Path(chosen.server_log))
    must_see(chosen.wapiti, out)
    summary: list[str] = []
    bad: list[str] = []
    before = chosen.tried.read_text("utf-8").splitlines() if chosen.tried else []
    parameters = Parameters(random.Random(chosen.seed), tried=set(before))
    people = [(n, p) for n, p in logins(Path(chosen.var)) if not chosen.who or (n or "nobody") in chosen.who]
    sites = [signed_in(chosen.base, *one) for one in people]  # before guesses at the sign-in page make everybody wait
    for site, (name, _password) in zip(sites, people, strict=True):
        if crawl(site, chosen.most):
            print(f"{name or 'nobody'}: there are more pages than {chosen.most}; see --most", flush=True)
        tried, injectable = sqlmap(site, out, seconds, parameters)
        (out / "tried.txt").write_text("\n".join(sorted(parameters.tried)), "utf-8")
        if name and "/logout" not in site.read("/"):
            bad.append(f"{name}: signed out on the way, so what follows looked at nothing")
        looked, holes, notes = wapiti(chosen.wapiti, site, out, wapiti_seconds)
        (out / "notes.txt").open("a").write("\n".join([*notes, ""]))
        bad += [*injectable, *holes]
        line = (
            f"{name or 'nobody'}: {len(site.pages)} pages, {len(site.found)} forms; sqlmap: {tried} parameters, "
            f"{len(injectable)} findings; wapiti: {looked} addresses, {len(holes)} holes, "
            f"{len(notes)} notes"
        )
        print(line, flush=True)
        summary.append(line)
    missed = sorted(parameters.seen - parameters.tried)
    (out / "not-reached.txt").write_text("\n".join([*missed, ""]), "utf-8")
    summary.append(f"parameters: {len(parameters.seen)}, by sqlmap not reached: {len(missed)}")
    print(summary[-1], flush=True)
    broken = re.findall(r"request \w+ failed|Exception while serving", Path(chosen.server_log).read_text())
    (out / "summary.txt").write_text("\n".join([*summary, f"errors of ours: {len(broken)}", *bad, ""]))
    print(f"errors of ours: {len(broken)}", *bad, sep="\n")
    sys.exit(1 if bad or broken else 0)


if __name__ == "__main__":
    main()
