"""Links to check in: signed, for a week, each for one; the audit log says what became of them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from reliefpath.store.chart import Chart
from reliefpath.store.verification.audit import instant_text
from reliefpath.store.writing import AuditEvent

VALID = timedelta(days=7)
MADE, USED, WITHDRAWN = "check-in-link", "check-in", "withdraw-link"
PATIENT = "patient"
"""Who acts where nobody of the clinic is signed in."""


@dataclass
class Link:
    """A link, and what became of it; moments are as the audit log has them."""

    id: str
    episode: str
    patient: str
    made: str
    by: str
    used: str | None = None
    on: date | None = None
    """The clinic's day on which it was used."""
    entry: int | None = None
    """The entry of the audit log by which what was sent last is on record."""
    answers: str | None = None
    """The digest of what was sent last."""
    told: str | None = None
    """The safety net that was shown: `emergency` or `today`."""
    withdrawn: str | None = None
    mailed: bool = False
    """Whether it was made to be mailed to the patient."""

    def opens(self, now: datetime) -> bool:
        """Return whether it opens anything: the questions, or once it was used what followed."""
        return not self.withdrawn and self.made >= instant_text(now - VALID)

    def is_open(self, now: datetime) -> bool:
        """Return whether it can still be used."""
        return not self.used and self.opens(now)


@dataclass(frozen=True)
class Links:
    """The links of a chart."""

    chart: Chart
    secret: bytes

    @property
    def _signer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt="check-in")

    def make(self, episode: str, patient: str, by: str, *, mailed: bool = False) -> str:
        """Return a new link's token; the audit log tells who made it, and whether to be mailed."""
        link, how = secrets.token_hex(8), {"mailed": True} if mailed else {}
        self.chart.note(AuditEvent(by, MADE, None, patient), link=link, episode=episode, **how)
        return str(self._signer.dumps([episode, link]))

    def withdraw(self, link: str, patient: str, by: str) -> None:
        """Let a link open nothing any more."""
        self.chart.note(AuditEvent(by, WITHDRAWN, None, patient), link=link)

    def read(self, token: str) -> tuple[str, str] | None:
        """Return the episode and the id in a token, or None if it is not ours or too old."""
        try:
            episode, link = self._signer.loads(token, max_age=int(VALID.total_seconds()))
        except BadData:
            return None
        return episode, link

    def of(self, *patients: str) -> dict[str, Link]:
        """Return the links that were made for some patients, by id, the oldest first."""
        links: dict[str, Link] = {}
        for row in self.chart.acts(patients, (MADE, USED, WITHDRAWN)):
            said, at = json.loads(row["detail"]), str(row["at"])
            id_ = said.get("link") or said.get("once")
            if row["action"] == MADE:
                mailed = said.get("mailed", False)
                whose = said["episode"], row["patient"]
                links[id_] = Link(id_, *whose, at, row["by"], mailed=mailed)
            elif (link := links.get(id_)) and row["action"] == USED:
                link.used, link.on, link.entry = at, date.fromisoformat(said["on"]), row["entry"]
                link.answers, link.told = said["answers"], said["told"]
            elif link:
                link.withdrawn = at
        return links
