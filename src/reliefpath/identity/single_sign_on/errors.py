"""What stands in the way of a sign-in by the provider."""

from __future__ import annotations

from reliefpath.errors import UsageError


class SignOnError(UsageError):
    """Somebody is not signed in by the provider; `status` is the answer's."""

    status = 401


class UnknownPersonError(SignOnError):
    """The provider knows who it is, and nobody may sign in here as them."""

    status = 403


class ProviderDownError(SignOnError):
    """The provider does not answer, or nothing that can be read."""

    status = 503
