"""A mail server of a test's own: it speaks enough SMTP to take mail, to refuse it, and to say nothing at all.

with MailServer() as server: …  settings: server.url;  then server.mails, server.logins
"""

import base64
import email
import socketserver
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from types import TracebackType


@dataclass
class Taken:
    """One mail as it came over the wire."""

    sender: str
    recipients: list[str]
    text: bytes

    @property
    def message(self) -> EmailMessage:
        """It, parsed."""
        found = email.message_from_bytes(self.text, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """``refuse``: answers by the address of a recipient ('550 no such user'). ``hangs``: it takes the call and is
    silent. ``drops``: it hangs up when the text comes. ``says``: the answer to every text."""

    refuse: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    drops: bool = False
    says: str = "250 taken"
    mails: list[Taken] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    calls: int = 0

    def __enter__(self) -> "MailServer":
        self.released = threading.Event()
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """SPIRAL_SMTP_URL."""
        return f"smtp://127.0.0.1:{self.port}"


def _handler_of(server: MailServer) -> type[socketserver.StreamRequestHandler]:
    class Talk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            server.calls += 1
            if server.hangs:
                server.released.wait(30)
                return
            _talk(server, self)

        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def hear(self) -> str:
            return self.rfile.readline().decode("utf-8", "replace").rstrip("\r\n")

    return Talk


def _talk(server: MailServer, talk: "socketserver.StreamRequestHandler") -> None:
    say, hear = talk.say, talk.hear  # type: ignore[attr-defined]
    say("220 test")
    sender, recipients = "", list[str]()
    while line := hear():
        verb = line.split(" ")[0].split(":")[0].upper()
        if verb == "EHLO":
            say("250-test\r\n250 AUTH PLAIN")
        elif verb == "AUTH":
            server.logins.append(base64.b64decode(line.split()[-1]).decode().replace("\0", " ").strip())
            say("235 welcome")
        elif verb == "MAIL":
            sender, recipients = line.split("<")[1].split(">")[0], []
            say("250 ok")
        elif verb == "RCPT":
            address = line.split("<")[1].split(">")[0]
            if address not in server.refuse:
                recipients.append(address)
            say(server.refuse.get(address, "250 ok"))
        elif verb == "DATA":
            if server.drops:
                return
            say("354 go on")
            text = b""
            while not text.endswith(b"\r\n.\r\n"):
                text += talk.rfile.readline()
            if server.says.startswith("2"):
                server.mails.append(Taken(sender, recipients, text[:-3].replace(b"\r\n..", b"\r\n.")))
            say(server.says)
        elif verb == "QUIT":
            say("221 bye")
            return
        else:
            say("250 ok")
