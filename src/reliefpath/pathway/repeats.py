"""Rules and texts that say a parameter's value in so many words, and would not change with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from reliefpath.errors import Problem
from reliefpath.knowledge.catalogue import Place, line_of
from reliefpath.pathway.model import Pathway
from reliefpath.pathway.parameters import IN_SQL, IN_TEXTS, Value, in_words, texts_in
from reliefpath.pathway.sql import comparisons

SAID = IN_TEXTS - {"because", "cite"}
"""Texts that rest on a parameter's value; a reason, or a source, tells why it is what it is."""
WORD = re.compile(r"[a-z]\w*")
PLACEHOLDER = re.compile(r"\{(\w+)")


def repeats(pathway: Pathway, file: Path) -> list[Problem]:
    """Return a warning for each rule and text that repeats a parameter's value, with its line."""
    written = pathway.as_written
    found = dict.fromkeys((*_in_rules(written), *_in_texts(written)))
    return [
        Problem(
            *(file.name, line_of(file, place), ".".join(map(str, place)), said),
            f"repeats a parameter's value; write {' or '.join(names)} in its place",
            warning=True,
        )
        for place, said, names in found
    ]


Repeat = tuple[Place, str, tuple[str, ...]]


def _in_rules(written: Pathway) -> Iterator[Repeat]:
    for place, sql in texts_in(written, IN_SQL):
        for facts, numbers in comparisons(sql):
            for number in numbers:
                names = tuple(
                    f"`{v.name}`"
                    for v in written.values.values()
                    if facts.intersection(v.limits) and float(number) == v.number
                )
                if names:
                    yield place, number, names


def _in_texts(written: Pathway) -> Iterator[Repeat]:
    for place, text in texts_in(written, SAID):
        said: dict[str, list[str]] = {}
        for value in _resting(written, place):
            for form in _forms(value):
                if match := re.search(form, text, re.IGNORECASE):
                    said.setdefault(match.group(), []).append(_placeholder(value, match.group()))
        for words, names in said.items():
            yield place, words, tuple(dict.fromkeys(names))


def _resting(written: Pathway, place: Place) -> list[Value]:
    """The parameters that a text may tell; in the head of the file those told in percent."""
    if len(place) == 1:
        return [v for v in written.values.values() if v.in_percent]
    about = _named_beside(written, place)
    return [v for v in written.values.values() if about.intersection((v.name, *v.limits))]


def _named_beside(written: Pathway, place: Place) -> set[str]:
    """The facts and parameters that the row names in which a text stands."""
    row = place[:-1]
    return {
        name
        for other, text in texts_in(written, IN_SQL | SAID)
        if other[:-1] == row
        for name in (WORD if other[-1] in IN_SQL else PLACEHOLDER).findall(text)
    }


def _forms(value: Value) -> Iterator[str]:
    """Patterns of how a text may tell the value."""
    number = re.escape(f"{value.number:g}")
    if value.in_percent:
        percent = re.escape(f"{100 * value.number:g}")
        yield rf"(?<![\w.]){percent}(?:\s*%|(?=\s+(?:to|and|or)\s+[\d.]+\s*%))"
        yield rf"(?<![\w.]){number}(?![\w.]*\d)"
        return
    word = in_words(value.number)
    yield rf"(?<![\w.{{]){number}(?![\w%]|\.\d|\s*%)"
    if word is not None:
        yield rf"\b{word}\b"


def _placeholder(value: Value, said: str) -> str:
    form = ":words" if said.isalpha() else ":number" if value.in_percent and "%" not in said else ""
    return f"`{{{value.name}{form}}}`"
