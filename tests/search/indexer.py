"""An indexer that is killed: ``python -m tests.search.indexer VAR DATABASE_URL``.

It reads orders from its input, one a line: ``drain`` or ``rebuild``, and after how many lines of the engine's code the
process that does it shall be killed. Each order is done by a process of its own, as kill -9 leaves nothing behind; it
answers ``killed`` or ``whole``. A number below zero: after so many microseconds, wherever the engine is then.
"""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask

from core import outbox
from core.settings import load
from wiki.app import create_app
from wiki.search import service
from wiki.search.engines import embedded

OURS = str(Path(embedded.__file__).parent)


def dying_after(lines: int) -> Any:
    """For ``sys.settrace``: kill -9 when so many lines of the engine have run."""
    left = lines

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        left -= event == "line"
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    return trace


def obey(app: Flask, order: str, lines: int) -> None:
    """Keep the promises, or make the index anew, until killed."""
    with app.app_context():
        if lines < 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process at once, in the midst of a commit too
            signal.setitimer(signal.ITIMER_REAL, -lines / 1e6)
        else:
            sys.settrace(dying_after(lines))
        if order == "rebuild":
            service.reindex()
        else:
            outbox.drain()
        sys.settrace(None)


def main(var: str, database_url: str) -> None:
    app = create_app(load({"var": Path(var), "database_url": database_url, "demo": False}, environ={}))
    print("ready", flush=True)
    for said in sys.stdin:
        order, lines = said.split()
        child = os.fork()
        if child == 0:
            obey(app, order, int(lines))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"whole {os.waitstatus_to_exitcode(status)}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
