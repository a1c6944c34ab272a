"""Languages: 简体中文, 繁體中文 and English. Source strings are English; every string people read goes here."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import flask_babel
from babel import Locale
from babel.dates import format_skeleton
from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context, request
from flask import session as cookie
from flask_babel import (
    Babel,
    force_locale,
    format_decimal,
    get_domain,
    get_locale,
    lazy_gettext,
)

from core import clock
from core.settings import LOCALES, ROOT

_catalogues: dict[Locale, Translations | NullTranslations] = {}


def _catalogue() -> Translations | NullTranslations:
    """The words of the reader's language. Flask-Babel looks them up anew for each of a page's hundreds of words."""
    locale = get_locale()
    found = _catalogues.get(locale) if locale is not None else None
    if found is None:
        found = get_domain().get_translations()
        if locale is not None:
            _catalogues[locale] = found
    return found


def gettext(text: str, /, **values: Any) -> str:
    """The text in the reader's language, with its values put in."""
    found: str = _catalogue().ugettext(text)
    return found % values if values else found


def ngettext(one: str, many: str, num: int, /, **values: Any) -> str:
    """The form of the text for so many, in the reader's language."""
    found: str = _catalogue().ungettext(one, many, num)
    return found % {"num": num, **values}


_ = gettext
_l = lazy_gettext
_n = ngettext

__all__ = [
    "LOCALES",
    "LOCALE_NAMES",
    "_",
    "_l",
    "_n",
    "ago",
    "force_locale",
    "format_date",
    "format_datetime",
    "get_locale",
    "init_app",
    "size",
    "until",
]

LOCALE_NAMES = {"zh_Hans": "简体中文", "zh_Hant": "繁體中文", "en": "English"}
# Babel's English is that of the United States: 11/12/26 is read as two different days. Ours names the month.
ENGLISH = {"short": "d MMM y", "medium": "d MMM y", "long": "d MMMM y", "full": "EEEE d MMMM y"}
ENGLISH_TIME = {"short": "HH:mm", "medium": "HH:mm:ss", "long": "HH:mm:ss z", "full": "HH:mm:ss zzzz"}
UNITS = ("B", "KB", "MB", "GB", "TB")
HTML_LANG = {"zh_Hans": "zh-Hans", "zh_Hant": "zh-Hant", "en": "en"}


def choose_locale() -> str:
    """The reader's language: their profile, else what this browser chose, else what it asks for, else the site's."""
    default: str = current_app.config["SPIRAL"].locale
    if not has_request_context():
        return default
    actor = g.get("actor")
    if actor is not None and actor.locale in LOCALES:
        return str(actor.locale)
    if cookie.get("locale") in LOCALES:
        return str(cookie["locale"])
    for wanted in request.accept_languages.values():
        tag = wanted.lower().replace("_", "-")
        if tag.startswith("zh"):
            traditional = any(part in tag for part in ("hant", "tw", "hk", "mo"))
            return "zh_Hant" if traditional else "zh_Hans"
        if tag.startswith("en"):
            return "en"
    return default


def choose_zone() -> str:
    """Times are shown in the centre's time zone."""
    zone: str = current_app.config["SPIRAL"].timezone
    return zone


def local(at: datetime) -> datetime:
    """The moment on the centre's clock."""
    return at.astimezone(ZoneInfo(choose_zone()))


def format_date(day: date, form: str = "medium") -> str:
    """The day as the reader writes it: 2026年11月22日, 22 Nov 2026. ``form``: short, medium, long or full."""
    return str(flask_babel.format_date(day, ENGLISH[form] if _english() else form))


def format_datetime(at: datetime, form: str = "short") -> str:
    """The moment on the centre's clock: 2026/11/22 14:03, 22 Nov 2026, 14:03. ``form`` as above."""
    english = f"{ENGLISH[form]}, {ENGLISH_TIME[form]}"
    return str(flask_babel.format_datetime(at, english if _english() else form))


def format_day(day: date) -> str:
    """A day of a year that is clear, short enough for an axis: 11-22, 22 Nov."""
    return str(flask_babel.format_date(day, "d MMM")) if _english() else f"{day:%m-%d}"


def format_weekday(day: date, *, year: bool = False) -> str:
    """The day with its day of the week: 11月22日周日, Sun 22 Nov."""
    if _english():
        return str(flask_babel.format_date(day, "EEE d MMM y" if year else "EEE d MMM"))
    return str(format_skeleton("yMMMEd" if year else "MMMEd", day, locale=get_locale()))


def _english() -> bool:
    locale = get_locale()
    return locale is None or locale.language == "en"


def size(count: float) -> str:
    """So many bytes in the unit that reads best, with at most one digit: 640 KB, 3.4 MB, 123 MB, 1.2 GB."""
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{format_decimal(value, '#,##0.#' if value < 100 and unit > 1 else '#,##0')} {UNITS[unit]}"


def ago(at: datetime | None) -> str:
    """How long ago, in words of one unit: 'just now', '5 min ago', '3 h ago', '2 days ago', then the date."""
    if at is None:
        return "–"
    seconds = int((clock.now() - at).total_seconds())
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return _("%(n)s min ago", n=seconds // 60)
    if seconds < 86400:
        return _("%(n)s h ago", n=seconds // 3600)
    if seconds < 30 * 86400:
        return _n("%(num)s day ago", "%(num)s days ago", seconds // 86400)
    return format_date(local(at).date())


def until(at: datetime | None) -> str:
    """How much time is left, or by how much it is overdue."""
    if at is None:
        return _("no deadline")
    seconds = int((at - clock.now()).total_seconds())
    span = _span(abs(seconds))
    return _("due in %(span)s", span=span) if seconds >= 0 else _("overdue by %(span)s", span=span)


def _span(seconds: int) -> str:
    if seconds < 3600:
        return _("%(n)s min", n=max(1, seconds // 60))
    if seconds < 48 * 3600:
        return _("%(n)s h", n=seconds // 3600)
    return _n("%(num)s day", "%(num)s days", seconds // 86400)


def is_past(at: datetime | None) -> bool:
    """True when the moment lies behind us."""
    return at is not None and at < clock.now()


def init_app(app: Flask) -> None:
    """Give the application its languages and the template filters for times and numbers."""
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(ROOT / "translations"))
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "en")
    Babel(app, locale_selector=choose_locale, timezone_selector=choose_zone)

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # the extension of Jinja adds it
        lambda text: _catalogue().ugettext(text),
        lambda one, many, num: _catalogue().ungettext(one, many, num),
        newstyle=True,
    )

    def show_time(at: datetime | None, form: str = "short") -> str:
        return "–" if at is None else format_datetime(at, form)

    filters: dict[str, Any] = {
        "ago": ago,
        "until": until,
        "is_past": is_past,
        "time": show_time,
        "date": lambda d, form="medium": "–" if d is None else format_date(_as_date(d), form),
        "number": format_decimal,
        "size": size,
        "iso": lambda at: "" if at is None else at.astimezone(UTC).isoformat(),
    }
    app.jinja_env.filters.update(filters)

    @app.context_processor
    def languages() -> dict[str, Any]:
        code = str(get_locale() or "en")
        return {"current_locale": HTML_LANG.get(code, "en"), "locale_names": LOCALE_NAMES, "locale_code": code}


def _as_date(value: Any) -> Any:
    return local(value).date() if isinstance(value, datetime) else value
