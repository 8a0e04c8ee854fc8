"""What is wrong with a value that was read, in plain words rather than a framework's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SENTENCES = {
    "missing": "is missing; fill it in",
    "extra_forbidden": "is not asked for; leave it out",
    "string_too_long": "is too long; at most {max_length} characters",
    "string_too_short": "is too short; at least {min_length} characters",
    "too_long": "is too many; at most {max_length}",
    "too_short": "is too few; at least {min_length}",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_pattern_mismatch": "must be written as `{pattern}` says",
    "literal_error": "must be one of {expected}",
    "enum": "must be one of {expected}",
    "value_error": "{error}",
}
"""By what pydantic calls the problem; the names in braces are its own."""
FAMILIES = {
    "int": "must be a whole number, such as 3",
    "float": "must be a number, such as 2.5",
    "finite": "must be a number, such as 2.5",
    "decimal": "must be a number, such as 2.5",
    "datetime": "must be a date with a time, such as 2026-03-31T09:30Z",
    "date": "must be a date, such as 2026-03-31",
    "bool": "must be yes or no",
    "string": "must be a text",
    "list": "must be a list",
    "tuple": "must be a list",
    "dict": "must be names with their values",
    "model": "must be names with their values",
}
"""By the first word of it, where the whole is not among `SENTENCES`."""
OTHERWISE = "can't be read as it stands; choose it or write it anew"


def plain_problems(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return what pydantic found wrong as a sentence; what was sent is not repeated.

    >>> plain_problems([{"loc": ("query", "row"), "type": "int_parsing"}])
    'row must be a whole number, such as 3'
    """
    return "; ".join(f"{_name(error['loc'])} {plain_problem(error)}" for error in errors)


def _name(place: tuple[Any, ...]) -> str:
    names = [str(part) for part in place if part not in ("path", "query", "body", "header")]
    return ".".join(names).replace("_", " ") or "what was sent"


def plain_problem(error: Mapping[str, Any]) -> str:
    """Return what is wrong with one value, to follow its name."""
    kind = str(error["type"])
    if kind in SENTENCES:
        return SENTENCES[kind].format_map(error.get("ctx", {}))
    return FAMILIES.get(kind.split("_")[0], OTHERWISE)
