"""What a patient is told with a link to check in that comes by mail."""

from __future__ import annotations

from collections.abc import Iterable

from reliefpath.care.check_in.links import VALID
from reliefpath.care.check_in.words import speech_of, words


def invitation(
    language: str, places: Iterable[str], phone: str | None, emergency: str | None
) -> tuple[str, str]:
    """Return the subject and the text of a mail, which tell nothing of a name or a complaint.

    Args:
        language: one that the check-in speaks.
        places: the addresses of links.
        phone: the number of the clinic; None leaves it out.
        emergency: the number of the emergency services there; None leaves it out.
    """
    say = speech_of(language)
    whoever = say("Whoever has it can answer for you: do not pass it on.")
    lines = [
        say("Your clinic asks how you are. It takes about two minutes:"),
        *places,
        say("This is for you alone and works for {days} days.", days=VALID.days) + f" {whoever}",
        _with(say(words().nobody_reads.says), emergency),
        _with(say("If you want no more of these mails, tell your clinic."), phone),
    ]
    return say("How are you?"), "\n\n".join(lines) + "\n"


def _with(text: str, number: str | None) -> str:
    return text if number is None else f"{text} {number}"
