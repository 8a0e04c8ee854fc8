"""The audit log as surfaces need it: what they note in it, and what an auditor asks of it."""

from __future__ import annotations

import json
from typing import Any

from reliefpath.store.chart import Chart
from reliefpath.store.log import Asked as Asked
from reliefpath.store.tables import AUDIT
from reliefpath.store.writing import AuditEvent

COLUMNS: tuple[str, ...] = tuple(AUDIT.c.keys())
"""What each entry tells."""
VIEW, REFUSED, EXPORT, VERIFY = "view", "refused", "export", "verify"
DETAILS = {
    "answers": "fingerprint of the answers",
    "blocking": "stood against it",
    "on": "day",
    "once": "key that keeps it from being recorded twice",
    "open": "not yet weighed",
    "shown": "patients shown",
    "source": "from",
    "told": "the patient was told to get help",
}
"""What a part of the detail is called where its own name does not say it."""


def note(
    chart: Chart,
    by: str,
    action: str = VIEW,
    *,
    patient: str | None = None,
    reason: str | None = None,
    **detail: Any,
) -> None:
    """Note in the audit log that somebody saw or did something.

    Args:
        chart: whose log it is.
        by: who.
        action: what, in the log's word.
        patient: whom it concerns, where it concerns one person.
        reason: why, where there is something to say.
        detail: what else the log says, such as the page.
    """
    chart.note(AuditEvent(by, action, reason, patient), **detail)


def detail_in_words(detail: str | None) -> str:
    """Return the detail of an entry, which the log keeps as JSON, in words.

    >>> detail_in_words('{"page": "visit", "rows": {"exams": 2, "scores": 3}, "signed_off": true}')
    'page: visit; rows: 2 exams, 3 scores; signed off: yes'
    """
    if detail is None:
        return ""
    parts = (
        (DETAILS.get(k, k.replace("_", " ")), _words(v)) for k, v in json.loads(detail).items()
    )
    return "; ".join(f"{name}: {words}" for name, words in parts if words)


def _words(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict():
            counted = all(isinstance(number, int) for number in value.values())
            return ", ".join(
                f"{_words(v)} {k}" if counted else f"{k.replace('_', ' ')} {_words(v)}"
                for k, v in value.items()
            )
        case list():
            return ", ".join(map(_words, value))
    return str(value)
