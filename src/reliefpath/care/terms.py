"""What medicines and allergens in words are: asked, and said once by a clinician."""

from __future__ import annotations

from reliefpath.store.chart import Chart
from reliefpath.store.terms import TERM, set_term
from reliefpath.store.terms import questions_of as questions_of
from reliefpath.store.terms import terms_of as terms_of
from reliefpath.store.writing import AuditEvent


def say_what_words_are(
    chart: Chart, kind: str, words: str, code: str, by: str, why: str | None = None
) -> None:
    """Record what words are: findings in these words, past and to come, are read as the code.

    Raises:
        UsageError: the kind is never in words, there is no such code, the catalogue knows the
            words, or it is said already.
    """
    set_term(chart, kind, words, code, AuditEvent(by, TERM, why))
