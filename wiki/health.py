"""``/healthz`` is the process, ``/readyz`` all it stands on, ``/metrics`` plain numbers for Prometheus."""

from hmac import compare_digest
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, jsonify, request

from core import checks, metrics
from core.db import reading
from core.health import examine
from core.i18n import force_locale
from core.permissions import EVERYONE
from core.running import is_leaving
from core.settings import Settings
from core.web import blueprint, gate
from wiki import health_numbers

bp = blueprint("health", __name__)
HERE = frozenset({"127.0.0.1", "::1", "localhost"})
PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")  # what only proxies send

__all__ = ["bp", "checks", "health_numbers", "init_app"]


@bp.get("/healthz")
@gate(EVERYONE, transaction=False)
def process() -> Any:
    """The process answers; nothing else is asked."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@gate(EVERYONE, transaction=False)
def ready() -> Any:
    """Whether to send people here; 503 with the reasons otherwise. Machines read it, in English."""
    if is_leaving():
        return jsonify(ready=False, checks={}, reasons=["this process was told to end"]), 503
    with force_locale("en"):
        findings = examine(ready=True, strangers=True)
    answer = jsonify(
        ready=all(finding.well for finding in findings),
        checks={finding.name: finding.said for finding in findings},
        reasons=[
            ". ".join(filter(None, [f"{finding.name}: {finding.said}", finding.todo]))
            for finding in findings
            if not finding.well
        ],
    )
    answer.status_code = 200 if all(finding.well for finding in findings) else 503
    return answer


@bp.get("/metrics")
@gate(EVERYONE, transaction=False)
def numbers() -> Any:
    """Requests, jobs, the write lock, what waits. Closed but to those whom the settings let in."""
    settings: Settings = current_app.config["SPIRAL"]
    if not may_read(settings):
        said = "These numbers are closed to you; see SPIRAL_METRICS_TOKEN and SPIRAL_METRICS_FROM.\n"
        refused = Response(said, 401 if settings.metrics_token else 403, mimetype="text/plain")
        if settings.metrics_token:
            refused.headers["WWW-Authenticate"] = "Bearer"
        return refused
    folder = settings.var / "metrics" if metrics.book.asked else None
    with reading():
        text = metrics.text(folder)
    return Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def may_read(settings: Settings) -> bool:
    """A known token, or a known address. Where nothing is set: somebody on this machine, unless anything says that
    proxies pass others' requests on – then everybody would seem to be on this machine."""
    kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
    if settings.metrics_token and kind.lower() == "bearer":
        return compare_digest(token.strip().encode(), settings.metrics_token.encode())
    address, passed_on = request.remote_addr or "", any(map(request.headers.get, PASSED_ON))
    if settings.metrics_networks:
        if passed_on and not settings.proxies:  # by a proxy that nobody named: the address is its own, for everybody
            return False
        try:
            here = ip_address(address)
        except ValueError:
            return False
        return any(here in network for network in settings.metrics_networks)
    if settings.metrics_token or settings.base_url or settings.proxies or passed_on:
        return False
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":  # as nginx asks unless told otherwise
        return False
    return address in HERE and (urlsplit(f"//{request.host}").hostname or "") in HERE


def init_app(app: Flask) -> None:
    """Three addresses."""
    app.register_blueprint(bp)
