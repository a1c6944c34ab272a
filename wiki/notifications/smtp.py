"""The wire: one connection to the mail server for a batch of mails, short patience, and nothing that doubles.

A server that does not answer is left in peace for ``PAUSE`` seconds, so that two hundred mails do not each wait for it.
"""

import smtplib
import ssl
import time
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from types import TracebackType
from urllib.parse import unquote, urlsplit

from core.settings import Settings
from core.texts import one_line
from wiki.notifications.models import MailEntry

PATIENCE = 20.0  # seconds, for the connection and for each answer
PAUSE = 15.0
PORTS = {"smtp": 25, "smtps": 465, "smtp+starttls": 587}

_silent: dict[str, tuple[float, str]] = {}  # by server: until when, and what was wrong


class AwayError(OSError):
    """The mail server does not answer, or does not want to talk: no mail of this batch goes out now."""


class RefusedError(Exception):
    """The mail server takes this mail from nobody, ever: trying again would change nothing."""


def domain(settings: Settings) -> str:
    """The name that Spiral's own addresses and message ids end with."""
    return urlsplit(settings.base_url).hostname or "spiral.invalid"


def sender(settings: Settings) -> str:
    """The address that mails come from."""
    return settings.mail_from or f"spiral@{domain(settings)}"


def message(mail: MailEntry, name: str, settings: Settings) -> EmailMessage:
    """The mail as it goes over the wire; what people wrote reaches headers as one line and never as a header.

    Raises:
        RefusedError: the address is none.
    """
    made = EmailMessage(policy=POLICY)
    try:
        to = Address(display_name=one_line(name), addr_spec=mail.address)
        mail.address.encode("ascii")
    except (ValueError, IndexError, MessageError) as error:
        raise RefusedError(f"not an address: {mail.address[:100]!r}") from error
    made["From"] = Address(display_name="Spiral", addr_spec=sender(settings))
    made["To"] = to
    made["Subject"] = one_line(mail.subject)
    made["Date"] = format_datetime(mail.created_at)
    made["Message-ID"] = mail.message_id
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made.set_content(mail.body)
    return made


def greeting(settings: Settings) -> str:
    """What the server says first, after we have signed in as for a mail; nothing is sent.

    Raises:
        AwayError: it does not answer, or does not let us in.
    """
    with Wire(settings) as wire:
        return wire.greeted()


class Wire:
    """``with Wire(settings) as wire: wire.send(mail, name)``; the connection is made with the first mail."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._hang_up(politely=kind is None)

    def send(self, mail: MailEntry, name: str) -> None:
        """The server has taken the mail afterwards.

        Raises:
            RefusedError: it refuses this mail for good. AwayError: it does not answer. SMTPException: not this time.
        """
        letter = message(mail, name, self.settings)
        server = self._connected()
        try:
            server.send_message(letter, sender(self.settings), [mail.address])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            self._forget_mail(server)
            if 500 <= code < 600:
                raise RefusedError(f"{code} {said.decode('utf-8', 'replace')}") from error
            raise
        except smtplib.SMTPResponseException as error:  # the sender, the content, or 'not now'
            self._hang_up(politely=False)
            if isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600:
                raise RefusedError(str(error)[:300]) from error
            raise
        except OSError as error:  # smtplib's other exceptions are of this kind, too
            self._hang_up(politely=False)
            raise self._away(error) from error

    def _forget_mail(self, server: smtplib.SMTP) -> None:
        try:
            server.rset()
        except (smtplib.SMTPException, OSError):
            self._hang_up(politely=False)

    def greeted(self) -> str:
        """The first line of the server's greeting. Raises ``AwayError``."""
        said = self._connected().ehlo_resp or b""
        return one_line(said.decode("utf-8", "replace").splitlines()[0] if said else "")[:100]

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            until, said = _silent.get(self.settings.smtp_url, (0.0, ""))
            if until > time.monotonic():
                raise AwayError(f"the mail server did not answer a moment ago: {said}")
            try:
                self._server = self._connect()
            except (smtplib.SMTPException, OSError) as error:
                raise self._away(error) from error
        return self._server

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.settings.smtp_url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        me = domain(self.settings)  # else smtplib asks the name service who we are, which may take long
        if parts.scheme == "smtps":
            tls = ssl.create_default_context()
            found: smtplib.SMTP = smtplib.SMTP_SSL(host, port, me, timeout=PATIENCE, context=tls)
        else:
            found = smtplib.SMTP(host, port, me, timeout=PATIENCE)
        try:
            found.ehlo()
            if parts.scheme == "smtp+starttls":
                found.starttls(context=ssl.create_default_context())
            if parts.username:
                found.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            found.close()
            raise
        return found

    def _away(self, error: Exception) -> AwayError:
        said = f"{type(error).__name__}: {error}"[:300]
        _silent[self.settings.smtp_url] = time.monotonic() + PAUSE, said
        return AwayError(f"the mail server does not answer: {said}")

    def _hang_up(self, *, politely: bool) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        try:
            if politely:
                server.quit()
        except (smtplib.SMTPException, OSError):
            pass
        finally:
            server.close()
