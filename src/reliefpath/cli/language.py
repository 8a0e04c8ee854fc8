"""The language of what a patient reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.care_log.log import CareLog

Language = Annotated[
    str | None,
    typer.Option(
        metavar="TAG",
        help="Of what the patient reads: `en` or `es`.  [default: the patient's, else English]",
    ),
]


def language_for(care_log: CareLog, episode: str, asked: str | None) -> str:
    """Return the language that was asked for, or the patient's; English for any other, and say so.

    Raises:
        UsageError: nothing is written in the language that was asked for.
    """
    from reliefpath.knowledge.languages import ENGLISH, LANGUAGES, spoken

    there = ", ".join(f"{tag} ({name})" for tag, name in LANGUAGES.items())
    if asked is not None:
        if (language := spoken(asked)) is None:
            raise UsageError(f"--language {asked!r}: there is {there}")
        return language
    mine = care_log.only(episode).patients["language"]
    tag = mine[0] if len(mine) else None
    if (language := spoken(tag)) is None:
        typer.echo(
            f"The patient's language is `{tag}`, in which nothing is written yet: what they read "
            f"is in English and needs an interpreter. There is {there}.",
            err=True,
        )
    return language or ENGLISH.language
