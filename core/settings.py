"""Settings: environment variables ``SPIRAL_*`` over ``var/spiral.toml`` over defaults.

An unknown or malformed setting names itself and stops the start: a typo must never silently mean the default.
"""

import os
import re
import secrets
import tomllib
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.addresses import file_store, search_server

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ("zh_Hans", "zh_Hant", "en")
ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LDAP_ROLES = ("rep", "business", "qa", "training", "supervisor", "manager", "admin")
SMTP_SCHEMES = ("smtp", "smtps", "smtp+starttls")


class SettingsError(Exception):
    """The start is refused; the sentence names the setting."""


class Settings(BaseModel):
    """Everything an installation may choose. Fields are the contract's names without ``SPIRAL_``, lower case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    var: Path = ROOT / "var"
    database_url: str = ""  # empty: SQLite in var/
    search_url: str = ""  # empty: the embedded engine; else meilisearch://key@host:port
    files_url: str = ""  # empty: in var/; file:///folder that all hosts see, or s3://key:secret@host/bucket
    secret_key: str = ""  # empty: made once in var/secret-key
    base_url: str = ""
    smtp_url: str = ""  # empty: mail is kept here, and listed for the administrator
    mail_from: str = ""  # empty: spiral@ the host of base_url
    proxies: int = Field(0, ge=0, le=10)
    workers: int = Field(1, ge=1, le=64)
    threads: int = Field(16, ge=1, le=256)
    rate: int = Field(250, ge=10, le=1_000_000)  # requests a second of one program, person or (nobody's) network
    drain: bool = True  # whether the server also does what leaves the database; else `flask worker` does
    locale: str = "zh_Hans"
    timezone: str = "Asia/Shanghai"
    embed_origins: str = ""
    oidc_issuer: str = ""  # empty: no single sign-on
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_name: str = ""  # what the button says
    oidc_new_people: Literal["refuse", "rep"] = "refuse"  # whom the provider knows and Spiral does not
    oidc_link_email: bool = True  # a verified e-mail leads to the one person who has it
    ldap_url: str = ""  # empty: no directory; else ldap://host or ldaps://host
    ldap_bind_dn: str = ""  # as whom Spiral looks people up; empty: as nobody
    ldap_bind_password: str = ""
    ldap_base: str = ""
    ldap_filter: str = "(uid={username})"
    ldap_starttls: bool = True
    ldap_ca: str = ""  # a file of certificates to trust; empty: those of the machine
    ldap_link_email: bool = False  # an e-mail of the directory leads to the one person who has it, and no password here
    ldap_groups: str = ""  # "qa=cn=qa,ou=groups,dc=works; rep=cn=reps,…"; empty: roles are given here
    internal_hosts: str = ""  # hosts inside the own network with which the server may speak at sign-in
    file_limit_mb: int = Field(10, ge=1, le=100)  # of one picture or document that people bring
    file_quota_mb: int = Field(200, ge=1, le=100_000)  # of all that one person keeps here
    kpi_keep_months: int = Field(0, ge=0, le=1200)  # readings older than this go; 0 keeps them, less than 6 is refused
    appeal_days: int = Field(10, ge=0, le=366)  # after closing, in which people may appeal against their cards
    query_log_days: int = Field(180, ge=1, le=3650)  # how long what people searched for is kept
    security_contact: str = ""  # mailto:… or https://…, told at /.well-known/security.txt; empty: there is no such page
    demo: bool = True
    allow_unsafe_database: bool = False
    log_level: str = "INFO"
    log_format: Literal["human", "json"] = "human"
    slow_request_ms: int = Field(1000, ge=0, le=600_000)  # requests and jobs that take longer are noted; 0: none
    slow_statement_ms: int = Field(500, ge=0, le=600_000)  # statements of the database; 0: none
    metrics_token: str = ""  # who shows it as a bearer token may read /metrics from anywhere
    metrics_from: str = ""  # addresses and networks that may; empty: this machine, where nothing stands in front

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

    @field_validator("internal_hosts")
    @classmethod
    def bare_hosts(cls, value: str) -> str:
        found = value.replace(",", " ").lower().split()
        for one in found:
            if not re.fullmatch(r"[a-z0-9.-]+|\[?[0-9a-f:]+\]?", one):
                raise ValueError(f"must name hosts like idp.internal, with blanks between them; {one!r} is none")
        return " ".join(one.strip("[]") for one in found)

    @field_validator("ldap_url")
    @classmethod
    def directory(cls, value: str) -> str:
        if value and not re.fullmatch(r"ldaps?://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?/?", value):
            raise ValueError("must look like ldap://ldap.example or ldaps://ldap.example:636")
        return value.rstrip("/")

    @field_validator("ldap_filter")
    @classmethod
    def one_name(cls, value: str) -> str:
        if value.count("{username}") != 1 or not value.startswith("(") or not value.endswith(")"):
            raise ValueError("must look like (uid={username}), with {username} once")
        return value

    @field_validator("ldap_groups")
    @classmethod
    def roles_of_groups(cls, value: str) -> str:
        for part in filter(str.strip, value.split(";")):
            role, _sep, group = part.strip().partition("=")
            if role not in LDAP_ROLES or "=" not in group:
                raise ValueError(
                    f"must look like qa=cn=qa,ou=groups,dc=works; {part.strip()!r} does not, or is no role"
                )
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def issuer(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^/\s?#@][^\s?#@]*", value):
            raise ValueError("must look like https://sso.example or https://sso.example/realms/centre")
        return value

    @model_validator(mode="after")
    def whole_directory(self) -> Self:
        """A directory is looked up somewhere."""
        if self.ldap_url and not self.ldap_base:
            raise ValueError("SPIRAL_LDAP_URL needs SPIRAL_LDAP_BASE, too")
        return self

    @model_validator(mode="after")
    def whole_sign_on(self) -> Self:
        """Single sign-on is set up whole, or not at all."""
        if not self.oidc_issuer:
            return self
        missing = [name for name in ("oidc_client_id", "base_url") if not getattr(self, name)]
        if missing:
            raise ValueError(f"SPIRAL_OIDC_ISSUER needs SPIRAL_{missing[0].upper()}, too")
        host = urlsplit(self.oidc_issuer).hostname
        if self.oidc_issuer.startswith("http://") and host not in self.internal:
            raise ValueError("SPIRAL_OIDC_ISSUER must be https://, or its host in SPIRAL_INTERNAL_HOSTS")
        return self

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

    @field_validator("files_url")
    @classmethod
    def known_store(cls, value: str) -> str:
        if value:
            file_store(value)
        return value

    @field_validator("log_level")
    @classmethod
    def known_level(cls, value: str) -> str:
        if value.upper() not in LEVELS:
            raise ValueError(f"must be one of {', '.join(LEVELS)}")
        return value.upper()

    @field_validator("metrics_from")
    @classmethod
    def known_networks(cls, value: str) -> str:
        found = value.replace(",", " ").split()
        for one in found:
            try:
                ip_network(one)
            except ValueError as error:
                raise ValueError(f"must name addresses or networks like 10.0.0.7 or 10.0.0.0/8; {error}") from error
        return " ".join(found)

    @field_validator("metrics_token")
    @classmethod
    def long_token(cls, value: str) -> str:
        if value and (len(value) < 20 or any(not "!" <= sign <= "~" for sign in value)):
            raise ValueError("must be at least 20 letters, digits and signs without blanks")
        return value

    @model_validator(mode="after")
    def one_writer(self) -> "Settings":
        if self.workers > 1 and self.database.startswith("sqlite"):
            raise ValueError("SPIRAL_WORKERS above 1 needs PostgreSQL (SPIRAL_DATABASE_URL): SQLite has one writer")
        return self

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
    def metrics_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """From where ``/metrics`` may be read without a token."""
        return tuple(ip_network(one) for one in self.metrics_from.split())

    @property
    def internal(self) -> frozenset[str]:
        """Hosts with addresses inside the own network with which the server may speak at sign-in."""
        return frozenset(self.internal_hosts.split())

    @property
    def group_roles(self) -> tuple[tuple[str, str], ...]:
        """(role, distinguished name of the group whose people hold it)."""
        parts = [part.strip().partition("=") for part in self.ldap_groups.split(";") if part.strip()]
        return tuple((role, group.strip()) for role, _sep, group in parts)

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
        rows["files_url"] = re.sub(r"://[^@/]+@", "://***@", self.files_url) or "in the data folder"
        rows["ldap_bind_password"] = "***" if self.ldap_bind_password else ""
        rows["oidc_client_secret"] = "***" if self.oidc_client_secret else ""
        rows["secret_key"] = "***"  # noqa: S105 - what is shown instead
        rows["metrics_token"] = "***" if self.metrics_token else "none"
        return rows


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
        if not problem["loc"]:
            parts.append(problem["msg"].removeprefix("Value error, "))
        elif problem["type"] == "extra_forbidden":
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
