"""``/.well-known/security.txt`` (RFC 9116): whom to tell about a hole, where the one who runs this has said whom."""

from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app

from core import clock
from core.errors import NotFound
from core.i18n import _
from core.permissions import EVERYONE
from core.web import blueprint, gate

bp = blueprint("security", __name__)
STANDS = timedelta(days=180)  # a finder trusts it that long; it is written anew with every answer


@bp.get("/.well-known/security.txt")
@gate(EVERYONE, transaction=False)
def contact() -> Any:
    """Whom to tell, in which languages."""
    settings = current_app.config["SPIRAL"]
    if not settings.security_contact:
        raise NotFound(_("There is nothing here, or you may not see it."))
    lines = [
        f"Contact: {settings.security_contact}",
        f"Expires: {clock.now() + STANDS:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: zh, en",
    ]
    if settings.base_url:
        lines.append(f"Canonical: {settings.base_url}/.well-known/security.txt")
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def init_app(app: Flask) -> None:
    """One address."""
    app.register_blueprint(bp)
