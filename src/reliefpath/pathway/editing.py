"""The rules of a pathway's file and the numbers in them; and the file with some of them changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlglot
from sqlglot.errors import SqlglotError

from reliefpath.knowledge import Knowledge
from reliefpath.knowledge.catalogue import spans_of
from reliefpath.pathway.model import Pathway, load_pathway
from reliefpath.pathway.parameters import Rule, in_words

PLAIN = re.compile(r"[\w.]+( [\w.<>=()+*-]+)*")
"""What means itself in YAML wherever it stands; all else is put in quotes."""


@dataclass(frozen=True)
class Number:
    """A number in a rule, and the fact that is held against it."""

    fact: str
    text: str
    start: int

    @property
    def words(self) -> list[str]:
        """How a text may say it: as a number, in percent, or spelled out."""
        value = float(self.text)
        words = [self.text, f"{value:g}"]
        if 0 < value < 1:
            words.append(f"{value * 100:g}")
        word = in_words(value)
        return words if word is None else [*words, word]


@dataclass(frozen=True)
class Written:
    """What a pathway's file asks at one place: a rule in SQL, or a number of a setting."""

    place: str
    """Its keys, with dots between them."""
    text: str

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """The numbers in it, from left to right."""
        return tuple(_numbers(self.text, self.place))

    @cached_property
    def pieces(self) -> list[str]:
        """What stands before, between and after its numbers."""
        ends = [0, *(n.start + len(n.text) for n in self.numbers)]
        starts = [*(n.start for n in self.numbers), len(self.text)]
        return [self.text[end:start] for end, start in zip(ends, starts, strict=True)]

    def with_numbers(self, numbers: list[str]) -> str:
        """Return the text with other numbers in the place of its own."""
        between = [*numbers, ""]
        return "".join(p + n for p, n in zip(self.pieces, between, strict=True))


def _numbers(text: str, place: str) -> Iterator[Number]:
    try:
        tokens = sqlglot.tokenize(text)
    except SqlglotError:  # it has no numbers that could be told from the rest
        return
    fact = place
    for token in tokens:
        if token.token_type.name == "VAR":
            fact = token.text
        elif token.token_type.name == "NUMBER":
            yield Number(fact, text[token.start : token.end + 1], token.start)


def written(pathway: Pathway) -> dict[str, Written]:
    """Return every rule of a pathway that can be changed, by its place, in the file's order."""
    texts = [(v.place, v.sql) for v in pathway.values.values()]
    texts += [(path, " ".join(sql.split())) for path, sql in pathway.as_written.expressions]
    return {".".join(path): Written(".".join(path), text) for path, text in texts}


def rule_at(pathway: Pathway, place: str) -> Rule:
    """Return the rule of which a place is part, with its reason and its sources."""
    kind, *rest = place.split(".")
    match kind:
        case "recovery":
            return pathway.recovery
        case "parameters":
            return pathway.parameters[rest[0]]
        case "trial" if pathway.trial is not None:
            return pathway.trial
        case "statuses":
            return next(s for name, s in pathway.statuses.items() if name == rest[0])
        case "notes":
            return pathway.notes[rest[0]]
    return pathway.criteria[rest[-2]][1]


def edited(
    text: str, changes: Mapping[str, str], name: str, knowledge: Knowledge
) -> tuple[str, Pathway]:
    """Return a pathway's file with other texts at some places, and the pathway that it then is.

    All else stays as it is, comments and order included, but that nobody has signed it off.

    Args:
        text: the file.
        changes: the new texts by place, as `written` has them; also of `version`.
        name: how the file is called in refusals.
        knowledge: the catalogues that it is checked against.

    Raises:
        PathwayError: the changed file has problems; it lists every one of them, with its line.
    """
    unsigned = {"approved_by": "", "approved_on": ""} if changes else {}
    spans = spans_of(text, [tuple(place.split(".")) for place in (*unsigned, *changes)])
    told = [*unsigned.values(), *map(_scalar, changes.values())]
    put_in = ((span, new) for span, new in zip(spans, told, strict=True) if span)
    for (start, end), new in sorted(put_in, reverse=True):
        tail = "\n" if text[start:end].endswith("\n") else ""
        text = text[:start] + new + tail + text[end:]
    return text, pathway_of(text, name, knowledge)


def pathway_of(text: str, name: str, knowledge: Knowledge) -> Pathway:
    """Read and check the text of a pathway's file.

    Raises:
        PathwayError: it has problems.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_text(text, "utf-8")
        return load_pathway(file, knowledge)


def _scalar(text: str) -> str:
    """A text as YAML says it, in one line."""
    line = " ".join(text.split())
    if PLAIN.fullmatch(line):
        return line
    return "'" + line.replace("'", "''") + "'"


def outdated(before: Pathway, old: Written, new: str) -> list[str]:
    """Return the texts of a changed rule that may still say a number which it no longer has."""
    kept = {n.text for n in Written(old.place, new).numbers}
    gone = {word for n in old.numbers if n.text not in kept for word in n.words}
    said = re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, gone))})(?![\w.]*\w)")
    texts = rule_at(before.as_written, old.place).model_dump(include=TEXTS).values()
    return [" ".join(text.split()) for text in texts if gone and said.search(text)]


TEXTS = {"because", "if_no", "if_unknown", "next", "say"}


def alike(before: Pathway, changes: Mapping[str, str]) -> dict[str, list[str]]:
    """Return, by changed place, the places not changed that hold the same fact against a number
    which the changed one no longer has.
    """
    rules = written(before)
    found: dict[str, list[str]] = {}
    for place, new in changes.items():
        kept = _held(Written(place, new))
        gone = _held(rules[place]) - kept
        found[place] = [p for p, w in rules.items() if p not in changes and _held(w) & gone]
    return found


def _held(rule: Written) -> set[tuple[str, float]]:
    return {(n.fact, float(n.text)) for n in rule.numbers}
