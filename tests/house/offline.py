"""``python -m tests.house.offline BASE VAR USER PAGE …``: somebody at a server that stands without any network.

Waits until it serves, signs in with what ``VAR/demo-logins`` says, looks at each page and at every file that the pages
name, searches, and prints what was found as one line of JSON. Exit 1 with a sentence where something is not as it
should be.
"""

import json
import re
import sys
import time
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

from tests.reliability.sites import Visitor
from tests.support.server import read_logins

NAMED = re.compile(r'(?:src|href)="([^"#]+)"')
FILES = re.compile(r"/static/|/files/|/favicon")
START = 400  # seconds: the first start installs and loads the demo
QUESTIONS = ("话费", "huafei", "kuandai", "refund")


def waited(visitor: Visitor, base: str) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        try:
            if visitor.ask(base, "/readyz")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.3)
    sys.exit("it did not serve")


def files_of(base: str, pages: dict[str, str]) -> set[str]:
    """The addresses that pages name and a browser would fetch; nothing of another host may be among them."""
    found: set[str] = set()
    for path, text in pages.items():
        for name in NAMED.findall(text):
            address = urljoin(base + path, name.replace("&amp;", "&"))
            if FILES.search(urlsplit(address).path):
                if not address.startswith(base):
                    sys.exit(f"{path} names {address}")
                found.add(address.removeprefix(base))
    return found


def main(base: str, var: Path, username: str, paths: list[str]) -> None:
    visitor = Visitor()
    waited(visitor, base)
    login = read_logins(var)[username]
    status, _page = visitor.submit(base, "/login", username=username, password=login.password)
    if status not in {302, 303}:
        sys.exit(f"{username} could not sign in: {status}")
    pages: dict[str, str] = {}
    for path in paths:
        status, pages[path] = visitor.ask(base, path)
        if status != 200:
            sys.exit(f"{path}: {status}")
    files = files_of(base, pages)
    for name in sorted(files):
        with visitor.opened(base + name) as answer:  # anything but 200 raises
            answer.read()
    hits = {
        one: len(re.findall(r'href="/articles/', visitor.ask(base, f"/search?q={quote(one)}")[1])) for one in QUESTIONS
    }
    print(json.dumps({"pages": len(pages), "files": sorted(files), "hits": hits, "editor": "editor.js" in str(files)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
