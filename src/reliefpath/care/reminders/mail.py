"""The mail server at which reminders are handed in."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, make_msgid, parseaddr
from urllib.parse import urlsplit

from reliefpath.care.reminders.emails import checked
from reliefpath.environment import LOOPBACK, said_by
from reliefpath.errors import ReliefPathError, UsageError

MAIL = "RELIEFPATH_MAIL_"
PORTS = {"smtp": 587, "smtps": 465}
TIMEOUT_SECONDS = 30


class MailError(ReliefPathError):
    """The mail server does not take what it was handed."""

    exit_code = 3


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and as whom.

    Attributes:
        scheme: `smtps` for TLS from the first byte, `smtp` for STARTTLS.
        host: Its name.
        port: Its port.
        sender: Who the mail is from, such as `Clinic <desk@clinic.example>`.
        user: The name that it knows us by; None where it asks for none.
        password: What proves it.
    """

    scheme: str
    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> MailServer | None:
        """Return the mail server that the environment names, or None if it names none.

        Raises:
            UsageError: it is named by half, or not as one is.
        """
        said = said_by(environment, MAIL, "mail", needs=("SERVER", "FROM"))
        if not said:
            return None
        if ("USER" in said) != ("PASSWORD" in said):
            raise UsageError(f"{MAIL}USER and {MAIL}PASSWORD go together")
        try:
            checked(parseaddr(said["FROM"])[1])
        except UsageError:
            says = f"{MAIL}FROM is an address, such as Clinic <desk@clinic.example>"
            raise UsageError(says) from None
        try:
            url = urlsplit(said["SERVER"])
            port = url.port or PORTS[url.scheme]
        except (ValueError, KeyError):
            raise _no_server() from None
        if not url.hostname or url.username or url.path.strip("/") or url.query:
            raise _no_server()
        user, password = said.get("USER"), said.get("PASSWORD")
        return cls(url.scheme, url.hostname, port, said["FROM"], user, password)

    @contextmanager
    def opened(self) -> Iterator[Callable[[str, str, str], None]]:
        """Yield what hands in one mail: to whom, its subject, its text.

        It raises `MailError` where the server does not take that mail.

        Raises:
            MailError: the server can't be reached, is not who it says, or does not know us.
        """
        try:
            with self._connected() as server:
                if self.user is not None and self.password is not None:
                    server.login(self.user, self.password)
                yield lambda to, subject, text: self._hand_in(server, to, subject, text)
        except (smtplib.SMTPException, OSError) as e:
            raise MailError(f"the mail server {self.host}:{self.port}: {_why(e)}") from e

    def _connected(self) -> smtplib.SMTP:
        """TLS with a certificate that holds, unless nobody is on the way."""
        known = ssl.create_default_context()
        if self.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=known)
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        if self.host not in LOOPBACK:
            try:
                server.starttls(context=known)
            except BaseException:
                server.close()
                raise
        return server

    def _hand_in(self, server: smtplib.SMTP, to: str, subject: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, to, subject
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain=_domain(self.sender))
        mail["Auto-Submitted"] = "auto-generated"  # nobody's absence answers it
        mail.set_content(text)
        try:
            server.send_message(mail)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as e:
            server.rset()
            raise MailError(_why(e)) from e


def needed(mail: MailServer | None) -> MailServer:
    """Return a mail server that cannot be done without.

    Raises:
        UsageError: none is given.
    """
    if mail is None:
        raise UsageError(f"no mail server is given: set {MAIL}SERVER and {MAIL}FROM")
    return mail


def _no_server() -> UsageError:
    return UsageError(
        f"{MAIL}SERVER is smtps://HOST, or smtp://HOST for STARTTLS; a port may follow"
    )


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].partition("@")[2]


def _why(error: Exception) -> str:
    """What a mail server says, without whom it says it of."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, _ = next(iter(error.recipients.values()))
            return f"it does not take the address ({code})"
        case smtplib.SMTPResponseException():
            return f"it says {error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(said: bytes | str) -> str:
    return " ".join((said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split())
