"""What patients read, in the languages that they are spoken to in.

Everything is written in English, in the code and in the catalogues. Beside it, in its package, lies
`es.yaml`: each English text with its Spanish. A text that was changed has no Spanish until somebody
has written it, so that no paper says two things in two languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Literal, Self

from pydantic import model_validator

from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge.catalogue import Catalogue, load_catalogue

LANGUAGES = {"en": "English", "es": "Spanish"}
LOCALES = {"en": "en_GB", "es": "es"}
"""How each writes its dates."""


class Translation(Catalogue):
    """The content of a file such as `es.yaml`: texts by their English."""

    source: tuple[str, ...]
    texts: dict[str, str]

    @model_validator(mode="after")
    def _leaves_the_same_gaps(self) -> Self:
        for text, said in self.texts.items():
            if _gaps(text) != _gaps(said):
                raise ValueError(f"{said!r} leaves other gaps than {text!r}")
        return self


@dataclass(frozen=True)
class Speech:
    """One language: says a text in it, with its gaps filled."""

    language: str
    texts: Mapping[str, str] = field(default_factory=dict)
    origin: str | None = None
    """Who translated it, and how sure that is; nothing of English."""

    def __call__(self, text: str, **values: object) -> str:
        """Return a text in this language.

        Raises:
            UsageError: there is none.
        """
        said = self.texts.get(text) if self.origin else text
        if said is None:
            raise UsageError(
                f"{text!r} has no {LANGUAGES[self.language]}: write it into the package's "
                f"`{self.language}.yaml`, or ask for --language en"
            )
        return said.format(**values) if values else said

    def day(self, day: date) -> str:
        """Return a date in words.

        >>> speech("es").day(date(2026, 1, 5))
        '5 de enero de 2026'
        """
        return self._date(day, "long")

    def weekday(self, day: date) -> str:
        """Return a date in words, with its day of the week."""
        return self._date(day, "full")

    def _date(self, day: date, length: Literal["long", "full"]) -> str:
        from babel.dates import format_date  # here, since most commands say no day

        return format_date(day, length, LOCALES[self.language])


ENGLISH = Speech("en")


@cache
def speech(language: str, *packages: str) -> Speech:
    """Return a language as the texts of some packages speak it.

    Raises:
        UsageError: it is none of `LANGUAGES`.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UsageError(f"no papers in `{language}`{nearest(language, LANGUAGES)}: {known}")
    if language == ENGLISH.language:
        return ENGLISH
    found = [
        load_catalogue(files(package) / f"{language}.yaml", Translation)
        for package in (__package__, *packages)
    ]
    texts = {text: said for each in found for text, said in each.texts.items()}
    origin = "; ".join(
        dict.fromkeys(str(each.sources[name]) for each in found for name in each.source)
    )
    return Speech(language, texts, origin)


def spoken(tag: str | None) -> str | None:
    """Return the language of a BCP 47 tag, if it is one of `LANGUAGES`; unsaid is English.

    >>> spoken("es-MX"), spoken("fr"), spoken(None)
    ('es', None, 'en')
    """
    language = (tag or ENGLISH.language).replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else None


def spoken_or_english(tag: str | None) -> str:
    """Return the language of a BCP 47 tag, or English where nothing is written in it.

    >>> spoken_or_english("es-MX"), spoken_or_english("fr")
    ('es', 'en')
    """
    return spoken(tag) or ENGLISH.language


def _gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
