"""What a paper is made of: sections of lines, each of which says where it comes from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from reliefpath.knowledge.languages import ENGLISH, Speech

NOT_ON_RECORD = "not on record"
COMPUTED = "computed"
GIVEN = "given for this paper"


@dataclass(frozen=True)
class Said:
    """Something said, and where it comes from."""

    text: str
    origin: str = ""
    """The rows of the record, by their date, or what else it was told or computed from."""
    sources: tuple[str, ...] = ()
    """Each with how sure it is."""


@dataclass(frozen=True)
class Table:
    """Rows under a caption; the first cell of a row heads it."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Said, ...], ...]
    has_origin: bool = True
    """Whether the last column tells where each row comes from."""
    kind: str = "table"


@dataclass(frozen=True)
class Items:
    """Lines of a list."""

    items: tuple[Said, ...]
    kind: str = "items"


@dataclass(frozen=True)
class Text:
    """A paragraph; a strong one must not be missed."""

    said: Said
    strong: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Blanks:
    """Lines to fill in, by hand or on the screen before it is printed."""

    labels: tuple[str, ...]
    kind: str = "blanks"


Block = Table | Items | Text | Blanks


@dataclass(frozen=True)
class Section:
    """A part of a paper under its heading."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Paper:
    """A paper to print."""

    title: str
    intro: str
    sections: tuple[Section, ...]
    warning: str | None = None
    say: Speech = ENGLISH
    """The language that it is written in."""
    is_plain: bool = False
    """Whether it leaves the clinic: without where each line comes from and how sure that is."""

    def said(self) -> Iterator[Said]:
        """Yield everything that it says, from top to bottom."""
        for section in self.sections:
            for block in section.blocks:
                match block:
                    case Table():
                        for row in block.rows:
                            yield from row
                    case Items():
                        yield from block.items
                    case Text():
                        yield block.said
                    case Blanks():
                        pass

    def sources(self) -> list[str]:
        """Return every source once, in the order in which they are first named."""
        return list(dict.fromkeys(source for said in self.said() for source in said.sources))


def facts(caption: str, rows: Iterable[tuple[str, Said]], say: Speech = ENGLISH) -> Table:
    """Return a table of what is so, and where it comes from."""
    return Table(
        caption,
        tuple(map(say, ("What", "Said", "From"))),
        tuple((Said(what), said, Said(said.origin)) for what, said in rows),
    )


def on_record(*days: date) -> str:
    """Return the origin of what rows of some days say."""
    told = [day.isoformat() for day in sorted(set(days))]
    if len(told) > 1:
        return f"record, {told[0]} to {told[-1]}"
    return f"record, {told[0]}" if told else "record"


def share(value: float | None) -> str:
    """Return a share as a percentage."""
    return NOT_ON_RECORD if value is None else f"{100 * value:.3g} %"


def named(code: str) -> str:
    """Return a code as words, where it has no name of its own."""
    return code.replace("-", " ")
