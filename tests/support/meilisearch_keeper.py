"""Keeps one Meilisearch for one test run: starts it, waits for the run to end – however it ends – and clears it away.

    python meilisearch_keeper.py FOLDER OWNER BINARY PORT KEY

FOLDER is the run's, OWNER the process whose end is the end of the run. Then FOLDER/meilisearch.json names port and
key, or FOLDER/meilisearch.failed says why there is none. Only the standard library; a process of its own.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 << 30


def die_with_me() -> None:
    """The server gets SIGKILL should the keeper itself be killed (Linux: PR_SET_PDEATHSIG)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(binary: str, place: Path, port: str, key: str) -> subprocess.Popen[bytes]:
    """The server answers on the port.

    Raises:
        RuntimeError, OSError: it does not, and why.
    """
    words = [binary, "--http-addr", f"127.0.0.1:{port}", "--master-key", key, "--no-analytics", "--db-path", "data"]
    limits = ["--max-indexing-memory", "256MB", "--max-indexing-threads", "2", "--log-level", "WARN"]
    environment = {"PATH": os.defpath, "HOME": str(place), "LC_ALL": "C"}
    server = subprocess.Popen(
        [*words, *limits], cwd=place, env=environment, stdin=subprocess.DEVNULL,
        preexec_fn=die_with_me,  # noqa: PLW1509 - this process has one thread
    )  # fmt: skip
    end = time.monotonic() + 200
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"it ended with {server.returncode}")
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer,
        ):
            if answer.status == 200:
                return server
        time.sleep(0.05)
    server.kill()
    raise RuntimeError("it was not ready within 200 s")


def wait_for(owner: int, server: subprocess.Popen[bytes]) -> None:
    """Returns when the run's owner is gone, or the server is."""
    poll = select.poll()
    with contextlib.suppress(OSError, AttributeError):
        poll.register(os.pidfd_open(owner), select.POLLIN)
    while server.poll() is None:
        if poll.poll(1000):
            return
        try:
            os.kill(owner, 0)
        except ProcessLookupError:
            return


def main() -> None:
    folder, owner, binary, port, key = Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:6]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    place = Path(tempfile.mkdtemp(prefix="spiral-meilisearch-", dir=MEMORY if roomy else folder))
    said = folder / "meilisearch.json"
    server = None
    try:
        server = start(binary, place, port, key)
        draft = said.with_suffix(".draft")
        draft.write_text(json.dumps({"keeper": os.getpid(), "port": int(port), "key": key}))
        draft.replace(said)
        wait_for(owner, server)
    except (RuntimeError, OSError) as error:
        (folder / "meilisearch.failed").write_text(str(error))
    finally:
        if server is not None:
            server.kill()
            server.wait()
        shutil.rmtree(place, ignore_errors=True)
        said.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
