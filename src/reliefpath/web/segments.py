"""Identifiers in addresses: an episode may be called `2026/17`, `a?b` or `50%`.

An address is decoded before it is routed, so that a `/` within a segment could not be told from one
between two. What came encoded of `/`, `?`, `#` and `%` is therefore kept as private-use characters,
which no identifier may hold, until a route has taken its segment.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.types import Scope

_KEPT = {character: chr(0xE000 + ord(character)) for character in "/?#%"}
_CODED = re.compile(rb"%(2f|3f|23|25)", re.IGNORECASE)
_BACK = {ord(kept): character for character, kept in _KEPT.items()}


def segment(identifier: str) -> str:
    """Return an identifier as one segment of an address."""
    return quote(identifier, safe="")


def keep_segments(scope: Scope) -> None:
    """Have the path of a request keep what came encoded within its segments."""
    raw: bytes = scope.get("raw_path") or b""
    if _CODED.search(raw):
        kept = _CODED.sub(lambda m: quote(_KEPT[unquote(m[0].decode())]).encode(), raw)
        scope["path"] = unquote(kept.split(b"?")[0].decode("ascii", "replace"))


class _Segment(StringConvertor):
    """A segment of an address as the identifier that it is."""

    def convert(self, value: str) -> str:
        return value.translate(_BACK)


register_url_convertor("str", _Segment())
