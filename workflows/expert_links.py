"""The link for somebody without an account: its address, and the mail that carries it where mail is set up."""

from collections.abc import Callable

from flask import current_app, url_for

from workflows.models import ExpertRequest

Poster = Callable[[ExpertRequest, str], bool]
_posters: list[Poster] = []


def post_with(poster: Poster) -> None:
    """Who mails links: ``poster(request, address of the page)`` says whether it will; the last one wins."""
    _posters[:] = [poster]


def link_to(secret: str) -> str:
    """The address of the page behind a link, as it is copied into a mail."""
    base: str = current_app.config["SPIRAL"].base_url
    return base + url_for("experts.opinion", link=secret, _external=not base)


def post(request: ExpertRequest, link: str) -> bool:
    """Mail the link to the address that was given; ``False`` when there is none, or no mail here."""
    return bool(request.address and _posters and _posters[0](request, link))
