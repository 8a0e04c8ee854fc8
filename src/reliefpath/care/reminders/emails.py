"""What an e-mail address is."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import EMAIL_MAX_LENGTH

from reliefpath.errors import UsageError

LONGEST = EMAIL_MAX_LENGTH


def checked(text: str) -> str:
    """Return an e-mail address of the kind that every mail server takes, as it was written.

    Raises:
        UsageError: it is none.
    """
    email = text.strip()
    try:
        validate_email(email, check_deliverability=False, allow_smtputf8=False, strict=True)
        if not email.isascii():
            raise EmailNotValidError("Not every mail server takes its domain.")
    except EmailNotValidError as e:
        says = f"`{email}` is not an e-mail address, such as jo@example.org: {e}"
        raise UsageError(says) from None
    return email
