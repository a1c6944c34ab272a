"""One wall around every address: nobody asks faster than ``SPIRAL_RATE`` requests a second.

Counted for the token of a program, else for the person whose browser asks, else for the network. It keeps one runaway
program or tab from taking all the threads. What is refused before anybody is asked for – too large, an address that
is none, a token that is none – takes less than the counting; the guessing of secrets is slowed in ``throttling``.
"""

from flask import Flask, request

from accounts.counting import Counted
from accounts.identity import current_token_id
from accounts.throttling import network
from core.errors import Throttled
from core.i18n import _
from core.settings import Settings
from core.web import maybe_actor

# files that browsers keep, and what watches over the site: it asks for all hosts from one address, also in need
UNCOUNTED = {"static", "health.process", "health.ready", "health.numbers"}


def who() -> str:
    """Whose requests are counted together."""
    token = current_token_id()
    if token is not None:
        return f"token:{token}"
    actor = maybe_actor()
    return f"user:{actor.id}" if actor else f"network:{network(request.remote_addr)}"


def init_app(app: Flask) -> None:
    """Count every request, and refuse those beyond the rate."""
    settings: Settings = app.config["SPIRAL"]
    counted, rate = Counted(), settings.rate

    @app.before_request
    def keep_pace() -> None:
        if request.endpoint not in UNCOUNTED and counted.add(who()) > rate:
            raise Throttled(_("Too many requests; please wait a moment."), retry_after=1)
