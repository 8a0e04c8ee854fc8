"""A patient's own copy of their record: to read, and as data. Who gave it to whom is on record."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from reliefpath.care.audit import EXPORT, note
from reliefpath.care.request import Request
from reliefpath.care_log.folder import write_folder
from reliefpath.care_log.schema import TABLES
from reliefpath.clock import zone_of
from reliefpath.documents.record.page import record_html
from reliefpath.documents.record.record import Record, record_of
from reliefpath.documents.record.words import NAMES, label
from reliefpath.errors import UsageError, is_reason
from reliefpath.knowledge.languages import spoken_or_english
from reliefpath.store.chart import Chart
from reliefpath.store.tables import HISTORIES

RECORD, README = "record.html", "README.txt"
UNDATED = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can tell: the same record gives the same bytes."""


class CopyRequest(Request):
    """A copy to be given away."""

    to: str
    """Who gets it."""
    why: str
    checked: str
    """The fingerprint of the texts that somebody has read: `FreeTexts.fingerprint`."""


@dataclass(frozen=True)
class FreeTexts:
    """What somebody wrote into a record in their own words, which may tell of other people."""

    texts: tuple[tuple[str, str], ...]
    """What each was said of, and the text."""

    @cached_property
    def fingerprint(self) -> str:
        """What tells these texts from any others."""
        return sha256(repr(self.texts).encode()).hexdigest()[:16]


def free_texts(record: Record) -> FreeTexts:
    """Return each text in a record's rows and their history, and each reason, once."""
    return FreeTexts(tuple(dict.fromkeys(_texts(record))))


def _texts(record: Record) -> Iterator[tuple[str, str]]:
    for name, lines in record.tables.items():
        prose = [c.name for c in HISTORIES[name].columns if c.prose]
        for version in (version for line in lines for version in line.versions):
            for column in prose:
                if version.values and (text := version.values[column]):
                    yield f"{NAMES[name]}: {label(name, column)}", text
            if version.reason:
                yield f"{NAMES[name]}: why it was {version.change}", version.reason
    for access in record.access:
        if access.reason:
            yield "Who looked at the record: why", access.reason


def copy_record(chart: Chart, patient: str, request: CopyRequest, by: str, where: str) -> bytes:
    """Return a ZIP with one patient's record to read and as data; the audit log tells who gave it.

    Args:
        chart: where it is on record.
        patient: whose it is; the copy holds nothing of anybody else.
        request: to whom it is given, why, and which free texts were read.
        by: who gives it.
        where: the page or command that it is given by.

    Raises:
        UsageError: nobody of that name was ever on record, it is not said to whom or why, or there
            is a text that nobody has read for what it tells of other people.
    """
    to, why = request.to.strip(), request.why.strip()
    if not is_reason(to):
        raise UsageError("say who gets the copy, such as `the patient, in person`")
    if not is_reason(why):
        raise UsageError("say why in words, such as `asked for it at the visit`")
    if request.checked != free_texts(record_of(chart, patient)).fingerprint:
        raise UsageError("read the free texts below, then confirm that the copy may hold them")
    note(chart, by, EXPORT, patient=patient, reason=why, to=to, copy=where)
    return _zipped(chart, record_of(chart, patient))


def _zipped(chart: Chart, record: Record) -> bytes:
    care_log = chart.care_log_of(record.patient)
    language = spoken_or_english(next(iter(care_log.patients["language"]), None))
    readme = files(__package__) / f"README.{language}.txt"
    whole = io.BytesIO()
    with TemporaryDirectory() as folder, ZipFile(whole, "w", ZIP_DEFLATED) as packed:
        write_folder(care_log, Path(folder))
        parts = {README: readme.read_bytes()}
        parts[RECORD] = record_html(record, zone_of(chart.zone)).encode()
        parts |= {
            f"data/{name}.csv": (Path(folder) / f"{name}.csv").read_bytes() for name in TABLES
        }
        for name, content in parts.items():
            packed.writestr(ZipInfo(name, UNDATED), content, ZIP_DEFLATED)
    return whole.getvalue()
