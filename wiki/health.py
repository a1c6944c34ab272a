"""``/healthz`` is the process, ``/readyz`` all it stands on, ``/metrics`` plain numbers for Prometheus."""

import threading
from collections import Counter
from typing import Any

from flask import Flask, Response, jsonify

from core import outbox
from core.health import examine
from core.permissions import EVERYONE
from core.web import blueprint, gate

bp = blueprint("health", __name__)
_requests: Counter[int] = Counter()
_lock = threading.Lock()


@bp.get("/healthz")
@gate(EVERYONE, transaction=False)
def process() -> Any:
    """The process answers; nothing else is asked."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@gate(EVERYONE, transaction=False)
def ready() -> Any:
    """Whether to send people here; 503 with the reasons otherwise."""
    findings = examine(ready=True)
    answer = jsonify(
        ready=all(finding.well for finding in findings),
        checks={finding.name: finding.said for finding in findings},
        reasons=[f"{finding.name}: {finding.said}" for finding in findings if not finding.well],
    )
    answer.status_code = 200 if all(finding.well for finding in findings) else 503
    return answer


@bp.get("/metrics")
@gate(EVERYONE)
def metrics() -> Any:
    """Requests by status, and the outbox."""
    with _lock:
        requests = sorted(_requests.items())
    lines = ["# HELP spiral_requests_total Answers by status.", "# TYPE spiral_requests_total counter"]
    lines += [f'spiral_requests_total{{status="{status}"}} {count}' for status, count in requests]
    for name, value, said in (
        ("spiral_outbox_waiting", outbox.waiting(), "Promises that are due."),
        ("spiral_outbox_parked", outbox.given_up(), "Promises given up."),
    ):
        lines += [f"# HELP {name} {said}", f"# TYPE {name} gauge", f"{name} {value}"]
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


def _count(response: Response) -> Response:
    with _lock:
        _requests[response.status_code] += 1
    return response


def init_app(app: Flask) -> None:
    """Three addresses and a counter."""
    app.register_blueprint(bp)
    app.after_request(_count)
