"""Gunicorn for a large site: several processes on one machine, on PostgreSQL, behind a proxy that buffers.

    gunicorn --config deploy/gunicorn.conf.py wsgi:application

``SPIRAL_WORKERS`` processes with ``SPIRAL_THREADS`` threads each listen on ``HOST`` and ``PORT``. The tables are to be
at head before (``flask --app wsgi db upgrade``; ``SPIRAL_WORKERS=4 make run`` does that and ends here).
"""

import gc
import os
import signal
import sys
from types import FrameType
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

from core import health, hosts, logs
from core.heaps import few_heaps
from core.running import LEAVES, Beside, is_leaving, leave, ready, settle
from core.settings import SettingsError, load

try:
    settings = load()
except SettingsError as error:
    sys.exit(f"Spiral does not start: {error}")
logs.begin(settings.log_level, settings.log_format)
few_heaps()  # the processes inherit it

bind = [f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"]
workers = settings.workers
threads = settings.threads
preload_app = True  # modules and tables are in memory once; nothing is connected before the fork
FINISH = 20  # seconds that requests in flight may take to finish
graceful_timeout = int(LEAVES) + FINISH + 8  # until what still runs is killed: jobs are put down and we sign off
timeout = 60
keepalive = 75  # longer than the proxy keeps a line to us, so that it is never we who hang up first
control_socket_disable = True  # it is told what to do by signals
limit_request_line = 8190
secure_scheme_headers: dict[str, str] = {}  # SPIRAL_PROXIES alone says whom to believe
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - a sign of life, not a file
_beside: dict[int, Beside] = {}


class Ending(ThreadWorker):
    """Told to end, a process takes in who has called already, and hangs the telephone up: whoever calls later hears so
    at once, and the proxy asks another machine. Left as it is, the system would go on taking calls that nobody answers,
    and cut them at the end, requests and all."""

    def set_accept_enabled(self, enabled: bool) -> None:
        if not enabled and not self.alive and self._accepting:
            for listener in self.sockets:
                before = -1
                while before != self.nr_conns:
                    before = self.nr_conns
                    self.accept(listener)
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()


worker_class = Ending


def on_starting(server: Any) -> None:
    """Not beside strangers, and not on tables of another version."""
    app = server.app.wsgi()
    with app.app_context():
        try:
            hosts.must_fit_in()
            found = [one for one in health.examine(ready=True) if one.name != "outbox"]  # those who start will drain it
            wrong = [f"{one.name}: {one.said}" for one in found if not one.well]
        except hosts.StrangerError as error:
            wrong = [str(error)]
    app.extensions["spiral.database"].close()
    if wrong:
        print(f"Spiral does not start: {wrong[0]}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    ready()
    gc.collect()
    gc.freeze()  # what the processes are to have in common is not written to by their collectors


def post_worker_init(worker: Any) -> None:
    """This process serves from now on."""
    settle()
    worker.cfg.set("graceful_timeout", FINISH)  # here; the process above waits longer
    app = worker.wsgi
    beside = _beside[os.getpid()] = Beside(app, drain=settings.drain)
    beside.start()

    def end(number: int, frame: FrameType | None) -> None:
        if is_leaving():
            return
        beside.hurry()  # the job in hand ends while the requests do, not after them
        worker.max_keepalived = 0  # each answer says from now on that it was the last over its line
        if stays := leave(settings):
            signal.setitimer(signal.ITIMER_REAL, stays)  # a thread cannot be begun from here: its locks may be held
        else:
            worker.handle_exit(number, frame)

    signal.signal(signal.SIGALRM, worker.handle_exit)
    signal.signal(signal.SIGTERM, end)


def worker_exit(_server: Any, _worker: Any) -> None:
    """It has answered its last request."""
    if found := _beside.pop(os.getpid(), None):
        found.stop()
