"""Who got a lot: for a recall, everybody on record, whatever became of their row since."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

from reliefpath.care.audit import note
from reliefpath.care_log.schema import GIVEN
from reliefpath.clock import day_of
from reliefpath.errors import UsageError
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.history import Version
from reliefpath.store.lots import last_said_of, lots_on_record, treatments_of, without_lot

SEVERAL = re.compile(r"[,;/+&]|\band\b")
"""What stands between several lots that are written as one."""
DASHES = ("Pd", "Cf")
"""Unicode's dashes, and what is not seen, such as a soft hyphen."""
SIMILAR, SHORTEST = 5, 3
"""How many other lots are offered, and from how many characters on one may be part of another."""


@dataclass(frozen=True)
class Recipient:
    """One thing of a lot that was given to a patient at one site, or was said to be."""

    patient: str
    name: str | None
    birth_date: str | None
    episode: str
    day: date
    muscle: str | None
    side: str | None
    agent: str | None
    amount: float | None
    unit: str | None
    lot: str
    """As it was written."""
    by: str
    """Who recorded it first."""
    became: str | None
    """What became of the row since, or why nothing was given; None where it stands."""


@dataclass(frozen=True)
class LotSearch:
    """What is on record of a lot."""

    recipients: tuple[Recipient, ...]
    """The latest day first."""
    similar: tuple[str, ...]
    """Other lots that are written much like it."""
    without_lot: int
    """How many things were injected of which no lot is on record: each may be of this one."""


def folded_lot(text: str) -> str:
    """Return a lot without what is not told apart in it: case, spaces and dashes.

    >>> folded_lot(" a1–23 B")
    'A123B'
    """
    letters = unicodedata.normalize("NFKC", text)
    return "".join(c for c in letters if not _is_between(c)).upper()


def search_lot(chart: Chart, lot: str, by: str, **detail: Any) -> LotSearch:
    """Return who got a lot; the audit log keeps who asked, and every patient who was shown.

    Args:
        chart: where it is looked for: in every row, also of ended episodes, and of those corrected
            or withdrawn since.
        lot: as it is written on the vial or in the recall.
        by: who asks.
        detail: what else the audit log says, such as the page.

    Raises:
        UsageError: no lot is named.
    """
    wanted = folded_lot(lot)
    if not wanted:
        raise UsageError("name the lot, as it is written on the vial")
    with read_transaction(chart.engine) as connection:
        known = lots_on_record(connection)
        written = [each for each in known if wanted in _names(each)]
        treatments = treatments_of(connection, written)
        episodes = last_said_of(connection, "episodes", {_of(each) for each in treatments})
        people = {row["patient"] for row in episodes.values()}
        patients = last_said_of(connection, "patients", people)
        found = [
            _recipient(each, wanted, episodes[_of(each)], patients, chart.zone)
            for each in treatments
        ]
        nameless = without_lot(connection)
    shown = sorted({recipient.patient for recipient in found})
    note(chart, by, lot=lot.strip(), shown=shown, **detail)
    found.sort(key=lambda each: (-each.day.toordinal(), each.name or "", each.patient))
    return LotSearch(tuple(found), _similar(wanted, set(known) - set(written)), nameless)


def _is_between(character: str) -> bool:
    return character.isspace() or character == "−" or unicodedata.category(character) in DASHES


def _names(written: str) -> set[str]:
    """A lot as it was written, and each of several that were written as one."""
    return {folded_lot(part) for part in (written, *SEVERAL.split(written.casefold()))}


def _of(versions: tuple[Version, ...]) -> str:
    return str(versions[-1].values["episode"])


def _recipient(
    versions: tuple[Version, ...],
    wanted: str,
    episode: dict[str, Any],
    patients: dict[str, dict[str, Any]],
    zone: str,
) -> Recipient:
    """What was said last while the row named the lot."""
    said = next(v for v in reversed(versions) if wanted in _names(v.values["lot"] or ""))
    values, patient = said.values, patients.get(episode["patient"], {})
    shown = ("muscle", "side", "agent", "amount", "unit")
    return Recipient(
        patient=episode["patient"],
        name=patient.get("name"),
        birth_date=patient.get("birth_date"),
        episode=values["episode"],
        day=day_of(datetime.fromisoformat(values["at"]), zone),
        **{name: values[name] for name in shown},
        lot=values["lot"],
        by=versions[0].by,
        became=", ".join(_became(versions, said)) or None,
    )


def _became(versions: tuple[Version, ...], said: Version) -> Iterator[str]:
    """What makes a row other than one that was given and stands."""
    latest = versions[-1]
    if said.values["status"] not in (None, GIVEN):
        yield f"{said.values['status']}, not given"
    if latest.withdrawn:
        yield f"entered in error: {latest.reason or 'no reason on record'}"
    elif latest is not said:
        lot = latest.values["lot"]
        yield f"corrected since to {f'lot {lot}' if lot else 'no lot'}: {latest.reason}"


def _similar(wanted: str, others: Iterable[str]) -> tuple[str, ...]:
    """Lots that may be a slip of the pen away, or say more or less of the same."""
    known = {folded_lot(each): each for each in others}
    long = [each for each in known if min(len(each), len(wanted)) >= SHORTEST]
    within = [each for each in long if wanted in each or each in wanted]
    close = get_close_matches(wanted, known, n=SIMILAR, cutoff=0.7)
    return tuple(known[each] for each in dict.fromkeys([*close, *within]))[:SIMILAR]
