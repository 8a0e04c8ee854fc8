"""What only the people in the room can tell, as options of the papers of an injection."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from reliefpath.errors import UsageError

if TYPE_CHECKING:
    from reliefpath.documents.papers import Answer

OPENED = re.compile(r"^([a-z0-9-]+)\s*=\s*(\d+(?:\.\d+)?)\s*mg$", re.IGNORECASE)
Opened = Annotated[
    list[str] | None,
    typer.Option(
        metavar="AGENT=MG",
        help="What the single-dose vials held that were opened, `triamcinolone=40mg`; repeatable.",
    ),
]
Answers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="ANSWER",
        help="`CRITERION: NAME: WORDS`: what a clinician answers where a payer's criterion is "
        "uncertain; repeatable.",
    ),
]


def opened_of(texts: list[str] | None) -> dict[str, float]:
    """Return how many milligrams were opened of each agent."""
    found: dict[str, float] = {}
    for text in texts or ():
        match = OPENED.match(text.strip())
        if match is None:
            raise UsageError(
                f"--opened {text!r}: expected an agent and milligrams, as `triamcinolone=40mg`"
            )
        agent, mg = match[1].lower(), float(match[2])
        found[agent] = found.get(agent, 0.0) + mg
    return found


def answers_of(texts: list[str] | None) -> dict[str, Answer]:
    """Return what was answered to each criterion, and by whom."""
    from reliefpath.documents.papers import Answer

    found: dict[str, Answer] = {}
    for text in texts or ():
        criterion, *rest = (part.strip() for part in text.split(":", 2))
        if len(rest) != 2:
            raise UsageError(
                f"--answer {text!r}: expected a criterion, a name and words, as "
                "`conservative: Dr. Ana Ruiz: Work is still not possible.`"
            )
        if criterion in found:
            raise UsageError(f"--answer: `{criterion}` is answered twice")
        found[criterion] = Answer(*rest)
    return found
