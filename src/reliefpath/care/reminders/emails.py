"""What an e-mail address is."""

from __future__ import annotations

import re

from reliefpath.errors import UsageError

LONGEST = 254
_EMAIL = re.compile(
    r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*@[\w-]+(\.[\w-]+)+", re.ASCII
)


def checked(text: str) -> str:
    """Return an e-mail address of the kind that every mail server takes.

    Raises:
        UsageError: it is none.
    """
    email = text.strip()
    if len(email) > LONGEST or not _EMAIL.fullmatch(email):
        raise UsageError(f"`{email}` is not an e-mail address, such as jo@example.org")
    return email
