"""Who sits at a desk, with one patient's record before them."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.history import Version, rows_of

from .clients import Client, client_of

EPISODE = "demo-0043"
WHY = "misread the form"


@dataclass
class Desk:
    """Who sits at a desk, with one patient's record before them."""

    client: Client
    chart: Chart
    episode: str = EPISODE

    @property
    def patient(self) -> str:
        return self.chart.patient_of(self.episode) or ""

    def rows(self, table: str) -> list[Version]:
        with read_transaction(self.chart.engine) as connection:
            return rows_of(connection, table, self.patient)

    def place(self, table: str, row: int) -> str:
        return f"/patient/{self.episode}/rows/{table}/{row}"

    def correct(self, table: str, row: int, **said: str) -> httpx.Response:
        return self.client.post(self.place(table, row), data={"why": WHY, **said})

    def withdraw(self, table: str, row: int, why: str = WHY, goes_with: int = 0) -> httpx.Response:
        place = f"{self.place(table, row)}/withdraw"
        return self.client.post(place, data={"withdrawn_why": why, "goes_with": str(goes_with)})

    def save_finding(self, finding: str) -> Version:
        """Record a finding by its form, and return its row."""
        answer = self.client.post(f"{self.patient_page}/finding", data={"finding": finding})
        assert answer.status_code == 303, answer.text
        return self.rows("findings")[-1]

    @property
    def patient_page(self) -> str:
        return f"/patient/{self.episode}"

    def page(self) -> str:
        """What the patient's page says."""
        return self.client.get(self.patient_page).text

    def beside(self, username: str) -> Desk:
        """Somebody else before the same record, who has said why they open it."""
        client = client_of(self.client.app, username)
        client.post(f"{self.patient_page}/open", data={"reason": "covering this morning"})
        return Desk(client, self.chart, self.episode)
