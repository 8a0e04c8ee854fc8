"""A mail server on this computer, which keeps what it is handed."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .conftest import free_port

REFUSED = "nobody@clinic.example"
USER, SECRET = "desk", "long and secret"


@dataclass
class Post:
    """The server: who was mailed, and what."""

    host: str
    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    leaves: bool = False
    """Whether it hangs up on whoever hands in a mail."""

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.leaves:
            server.transport.close()
        if address == REFUSED:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def environment(self, scheme: str = "smtp") -> dict[str, str]:
        return {
            "RELIEFPATH_MAIL_SERVER": f"{scheme}://{self.host}:{self.port}",
            "RELIEFPATH_MAIL_FROM": "Clínica <desk@clinic.example>",
        }


@contextmanager
def post(host: str = "127.0.0.1", **how: Any) -> Iterator[Post]:
    """A mail server; `how` goes to aiosmtpd."""
    kept = Post(host, free_port())
    controller = Controller(kept, hostname=host, port=kept.port, **how)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def knows(server: Any, session: Any, envelope: Any, mechanism: str, said: Any) -> AuthResult:
    """Whether somebody may hand in mail."""
    right = (said.login, said.password) == (USER.encode(), SECRET.encode())
    return AuthResult(success=right, handled=False)


def certified(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """TLS with a certificate of its own for an address, and the file that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, secret = folder / "certificate.pem", folder / "key.pem"
    trusted.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(trusted, secret)
    return context, trusted
