"""Texts with `{fact}` in them, filled in for one episode or for all of them at once."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from string import Formatter
from typing import Any

import polars as pl

from reliefpath.errors import nearest
from reliefpath.pathway.facts.declared import STATUS, FactType, askable, declaration
from reliefpath.pathway.parameters import misshapen

GATES = {True: "open", False: "closed", None: "unknown"}
"""A gate in words, by its answer."""


class WordingError(ValueError):
    """Why a text is refused."""


def facts_in(text: str, parameters: Collection[str] = ()) -> list[str]:
    """Return the facts that `text` mentions, once parameters have their values.

    Raises:
        WordingError: the braces are unbalanced, or name what is neither a fact nor the status.
    """
    try:
        fields = [(name, form) for _, name, form, _ in Formatter().parse(text) if name is not None]
    except ValueError as e:
        raise WordingError(f"braces are for facts, such as `{{improvement}}`: {e}") from None
    for name, form in fields:
        if name in parameters:
            raise WordingError(misshapen(name, form or ""))
        if name not in askable():
            hint = nearest(name, [*askable(), *parameters])
            raise WordingError(f"unknown fact `{name}`{hint}")
    return [name for name, _ in fields]


@cache
def worded(text: str) -> pl.Expr:
    """Return the expression that fills `text` in from the facts table."""
    parts: list[pl.Expr] = []
    for literal, name, _, _ in Formatter().parse(" ".join(text.split())):
        parts.append(pl.lit(literal))
        if name is not None:
            parts.append(value_text(name))
    return pl.concat_str(parts) if len(parts) > 1 else parts[0]


def value_text(fact: str) -> pl.Expr:
    """Return the expression that words a fact: `83 %`, `6.5`, `yes`, `unknown`."""
    value = pl.col(fact)
    if fact == STATUS:
        return value
    declared = declaration().facts[fact]
    match declared.type:
        case FactType.NUMBER if declared.unit in ("share", "probability"):
            text = (value * 100).round().cast(pl.Int64).cast(pl.String) + " %"
            if declared.unit == "probability":  # nothing is certain
                text = pl.when(value > 0.99).then(pl.lit("over 99 %")).otherwise(text)
        case FactType.NUMBER:
            text = value.round(1).cast(pl.String).str.strip_suffix(".0").replace("-0", "0")
        case FactType.FLAG:
            text = pl.when(value).then(pl.lit("yes")).when(~value).then(pl.lit("no"))
        case _:
            text = value.cast(pl.String)
    return text.fill_null("unknown")


def label_of(fact: str) -> str:
    """Return what a page calls a fact, or the status."""
    declared = declaration().facts.get(fact)
    return fact.capitalize() if declared is None else declared.label


def fact_in_words(fact: str, value: Any, nothing: str = "unknown") -> str:
    """Return a fact's value as a page tells it: `83 %`, `6.5 weeks`, `yes`.

    >>> fact_in_words("weeks_in_care", 6.52)
    '6.5 weeks'
    """
    declared = declaration().facts.get(fact)
    unit = None if declared is None else declared.unit
    if value is None or isinstance(value, bool | str):
        return in_words(value, nothing)
    if unit == "probability" and value > 0.99:  # nothing is certain
        return "over 99 %"
    if unit in ("share", "probability"):
        return f"{value:z.0%}".replace("%", " %")
    if unit == "weeks":
        return f"{value:z.1f}".removesuffix(".0") + (" weeks ago" if "since" in fact else " weeks")
    told = in_words(value)
    return f"{told} {unit}" if unit in ("points", "mg triamcinolone") else told


def in_words(value: Any, nothing: str = "unknown") -> str:
    """Return the value of a fact in words."""
    match value:
        case None:
            return nothing
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:z.3g}"
        case _:
            return str(value)
