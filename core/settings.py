"""Settings: environment variables ``SPIRAL_*`` over ``var/spiral.toml`` over defaults.

An unknown or malformed setting names itself and stops the start: a typo must never silently mean the default.
"""

import os
import re
import secrets
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ("zh_Hans", "zh_Hant", "en")
SEARCH_SCHEMES = {"meilisearch": "http", "meilisearch+https": "https"}
ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?")
SMTP_SCHEMES = ("smtp", "smtps", "smtp+starttls")


class SettingsError(Exception):
    """The start is refused; the sentence names the setting."""


class Settings(BaseModel):
    """Everything an installation may choose. Fields are the contract's names without ``SPIRAL_``, lower case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    var: Path = ROOT / "var"
    database_url: str = ""  # empty: SQLite in var/
    search_url: str = ""  # empty: the embedded engine; else meilisearch://key@host:port
    secret_key: str = ""  # empty: made once in var/secret-key
    base_url: str = ""
    smtp_url: str = ""  # empty: mail is kept here, and listed for the administrator
    mail_from: str = ""  # empty: spiral@ the host of base_url
    proxies: int = Field(0, ge=0, le=10)
    workers: int = Field(1, ge=1, le=64)
    threads: int = Field(16, ge=1, le=256)
    locale: str = "zh_Hans"
    timezone: str = "Asia/Shanghai"
    embed_origins: str = ""
    file_limit_mb: int = Field(10, ge=1, le=100)  # of one picture or document that people bring
    file_quota_mb: int = Field(200, ge=1, le=100_000)  # of all that one person keeps here
    kpi_keep_months: int = Field(0, ge=0, le=1200)  # readings older than this go; 0 keeps them, less than 6 is refused
    appeal_days: int = Field(10, ge=0, le=366)  # after closing, in which people may appeal against their cards
    query_log_days: int = Field(180, ge=1, le=3650)  # how long what people searched for is kept
    security_contact: str = ""  # mailto:… or https://…, told at /.well-known/security.txt; empty: there is no such page
    demo: bool = True
    allow_unsafe_database: bool = False
    log_level: str = "INFO"

    @field_validator("locale")
    @classmethod
    def known_locale(cls, value: str) -> str:
        if value not in LOCALES:
            raise ValueError(f"must be one of {', '.join(LOCALES)}")
        return value

    @field_validator("kpi_keep_months")
    @classmethod
    def half_a_year(cls, value: int) -> int:
        if 0 < value < 6:
            raise ValueError("must be 0 (keep everything) or at least 6 months")
        return value

    @field_validator("timezone")
    @classmethod
    def known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"is not a time zone: {value!r}") from error
        return value

    @field_validator("database_url")
    @classmethod
    def known_database(cls, value: str) -> str:
        if value and urlsplit(value).scheme.split("+")[0] not in {"sqlite", "postgresql", "postgres"}:
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return value

    @field_validator("embed_origins")
    @classmethod
    def whole_origins(cls, value: str) -> str:
        found = value.replace(",", " ").split()
        for one in found:
            if not ORIGIN.fullmatch(one):
                raise ValueError(
                    "must name origins like https://crm.example or https://crm.example:8443, with blanks between them; "
                    f"{one!r} is none (no path, no star)"
                )
        return " ".join(dict.fromkeys(one.lower() for one in found))

    @field_validator("search_url")
    @classmethod
    def known_engine(cls, value: str) -> str:
        if value:
            search_server(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def mail_server(cls, value: str) -> str:
        if not value:
            return value
        try:
            parts = urlsplit(value)
            sound = parts.scheme in SMTP_SCHEMES and parts.hostname and (parts.port is None or parts.port > 0)
        except ValueError:
            sound = False
        if not sound or parts.path not in {"", "/"} or parts.query or parts.fragment or any(c.isspace() for c in value):
            raise ValueError(
                "must look like smtp://user:password@host:port, smtps://… (TLS) or smtp+starttls://…; "
                "write special characters of the password as %40 and the like"
            )
        return value

    @field_validator("mail_from")
    @classmethod
    def one_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+", value):
            raise ValueError("must be one address like spiral@spiral.example")
        return value

    @field_validator("security_contact")
    @classmethod
    def reachable(cls, value: str) -> str:
        found = f"mailto:{value}" if value and "@" in value and ":" not in value else value
        if found and not re.fullmatch(r"mailto:[^@\s<>]+@[^@\s<>]+|https://[^/\s]\S*", found):
            raise ValueError("must be an address like security@spiral.example, or a page https://…")
        return found

    @field_validator("workers")
    @classmethod
    def one_process(cls, value: int) -> int:
        if value != 1:
            raise ValueError("is 1 for the server that comes with Spiral; several processes: see README, Operation")
        return value

    @field_validator("secret_key")
    @classmethod
    def strong_secret(cls, value: str) -> str:
        if value and len(value) < 32:
            raise ValueError("is too short: use at least 32 random characters, or leave it out")
        return value

    @field_validator("base_url")
    @classmethod
    def whole_url(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/\s]+/?", value):
            raise ValueError("must look like https://spiral.example")
        return value.rstrip("/")

    @property
    def database(self) -> str:
        """The SQLAlchemy address of the database."""
        if not self.database_url:
            return f"sqlite:///{self.var / 'spiral.db'}"
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.database_url)

    @property
    def frames(self) -> tuple[str, ...]:
        """The origins of programs that may show the frame of the rep's screen."""
        return tuple(self.embed_origins.split())

    @property
    def secure(self) -> bool:
        """True when the public address is https: cookies are then Secure and carry the __Host- name."""
        return self.base_url.startswith("https://")

    def shown(self) -> dict[str, str]:
        """Every setting for ``flask doctor``, secrets hidden."""
        rows = {name: str(value) for name, value in self.model_dump().items()}
        rows["database_url"] = re.sub(r"://([^:@/]+):[^@]*@", r"://\1:***@", self.database)
        rows["search_url"] = re.sub(r"://[^@/]+@", "://***@", self.search_url) or "embedded"
        rows["smtp_url"] = re.sub(r"://.*@", "://***@", self.smtp_url) or "none: mail is kept here"
        rows["secret_key"] = "***"  # noqa: S105 - what is shown instead
        return rows


def search_server(url: str) -> tuple[str, str, str]:
    """The http address, the key and the name of the index in ``meilisearch://key@host:port/name``.

    Raises:
        ValueError: it is no such address; the sentence says what is wrong.
    """
    parts = urlsplit(url)
    sound = parts.scheme in SEARCH_SCHEMES and parts.hostname and not parts.query and not parts.fragment
    if not sound or any(c.isspace() for c in url):
        raise ValueError("must look like meilisearch://key@host:7700, or meilisearch+https://key@host")
    if parts.password is not None:
        raise ValueError("holds a colon before the @: only the key stands there; write special characters as %40")
    name = parts.path.strip("/") or "spiral"
    if not re.fullmatch(r"[A-Za-z0-9_]{1,40}(-[A-Za-z0-9_]{1,40})?", name):
        raise ValueError("may name its index with letters, digits, _ and one - only")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port else ":7700" if parts.scheme == "meilisearch" else ""
    return f"{SEARCH_SCHEMES[parts.scheme]}://{host}{port}", unquote(parts.username or ""), name


def load(overrides: dict[str, Any] | None = None, environ: dict[str, str] | None = None) -> Settings:
    """Read the settings and make sure that ``var`` and the secret key exist.

    Raises:
        SettingsError: an unknown or malformed setting, with its name and its source.
    """
    env = dict(os.environ if environ is None else environ)
    given = {name.removeprefix("SPIRAL_").lower(): value for name, value in env.items() if name.startswith("SPIRAL_")}
    var = Path((overrides or {}).get("var") or given.get("var") or ROOT / "var").absolute()
    values: dict[str, Any] = {**_from_file(var / "spiral.toml"), **given, **(overrides or {}), "var": var}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from error
    var.mkdir(parents=True, exist_ok=True, mode=0o750)
    return settings.model_copy(update={"secret_key": settings.secret_key or _kept_secret(var / "secret-key")})


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return {key.lower(): value for key, value in tomllib.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _sentence(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        name = "SPIRAL_" + "_".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "extra_forbidden":
            parts.append(f"{name} is not a setting of Spiral")
        else:
            parts.append(f"{name} {problem['msg'].removeprefix('Value error, ')}")
    return "; ".join(parts)


def _kept_secret(path: Path) -> str:
    """The secret key of this installation, made on first use with mode 0600."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    secret = path.read_text().strip()
    if len(secret) < 32:
        raise SettingsError(f"{path} is too short to be a secret key; delete it and everybody signs in again")
    return secret
