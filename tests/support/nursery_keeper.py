"""A process that has loaded the program and divides when it is asked to: ``python -m tests.support.nursery_keeper FD``.

Each message of the socket asks for one process: module, words, folder, environment, log. It is answered with the number
of the process, and later with how that ended. The end of the socket is the end of this process; its children go on.
"""

import contextlib
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from typing import Any

from core.loading import loading

LONGEST = 1 << 20  # bytes of a message
LOADED = ("alembic.command", "waitress", "wiki.app", "wiki.search.engines.embedded", "wiki.serve", "wiki.demo.load")


def main(number: int) -> None:
    """Wait, divide, and tell of the end of each child. In a child this returns once the child is what was asked for."""
    with loading():
        for name in LOADED:
            importlib.import_module(name)
    control = socket.socket(fileno=number)
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    woken.setblocking(False)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                woken.recv(4096)
            for process, code in _ended():
                control.send(json.dumps({"process": process, "code": code}).encode())
        if control in ready:
            message = control.recv(LONGEST)
            if not message:
                sys.exit()
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for mine in (control, woken, waker):
                    mine.close()
                return _become(json.loads(message))
            control.send(json.dumps({"child": child}).encode())


def _ended() -> list[tuple[int, int]]:
    found = []
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found.append((ended[0], os.waitstatus_to_exitcode(ended[1])))
    return found


def _become(asked: dict[str, Any]) -> None:
    os.setsid()
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    time.tzset()
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    sys.argv = [asked["module"], *asked["words"]]
    sys.modules.pop(asked["module"], None)  # it was loaded for what it loads, and has not run yet


if __name__ == "__main__":
    main(int(sys.argv[1]))
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
