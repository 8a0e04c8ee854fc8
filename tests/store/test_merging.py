"""Two records of one person become one: everything moves, and nothing is lost or counted twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reliefpath.care.check_in.links import Links
from reliefpath.care.merging import MergeRequest, differences, merge_records, unmerge_record
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care_log.log import CareLog
from reliefpath.care_log.schema import TABLES
from reliefpath.documents.record.record import record_of
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.pathway.facts import facts
from reliefpath.reference.therapies import SCREENED
from reliefpath.store.chart import Chart
from reliefpath.store.database import read_transaction
from reliefpath.store.history import rows_of
from reliefpath.store.identifiers import MERGED
from reliefpath.store.merging import OF_A_PERSON
from reliefpath.store.reading import fingerprint
from reliefpath.store.tables import ROWS, holding
from reliefpath.store.writing import AuditEvent

AT = datetime(2026, 1, 20, tzinfo=UTC)
WHY = "same identity card"
CHOSEN = {"name": "Ada", "birth_date": "1980-02-01", "sex": "female"}
FOUND = st.fixed_dictionaries(
    {
        "patient": st.sampled_from(("P1", "P2")),
        "kind": st.just("allergy"),
        "code": st.sampled_from(("lidocaine", "screened", "triamcinolone")),
        "at": st.integers(0, 30).map(lambda days: AT + timedelta(days=days)),
    }
)


@pytest.fixture
def clinic(chart: Chart, care_log: CareLog) -> Chart:
    """A chart with P1, who has E1, and P2, who has E2."""
    chart.load(care_log, "clinic", AuditEvent("import", "import"))
    return chart


@pytest.fixture
def addresses(clinic: Chart) -> Addresses:
    return Addresses(Accounts("sqlite://").engine, clinic)


def record(chart: Chart, *rows: dict[str, Any]) -> None:
    for row in rows:
        frame = pl.DataFrame([row], TABLES["findings"].schema)
        chart.insert({"findings": frame}, AuditEvent("Ada", "enter", None, row["patient"]))


def merge(chart: Chart, addresses: Addresses, kept: str = "P1", other: str = "P2") -> None:
    asked = MergeRequest(kept=kept, other=other, chosen=CHOSEN, why=WHY)
    merge_records(chart, addresses, asked, "Ada")


def rows_by_table(chart: Chart) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that holds, without whose it is."""
    log, found = chart.care_log(), {}
    for name in TABLES:
        told = log.table(name).drop("patient", strict=False)
        found[name] = sorted(told.rows(), key=repr)
    return found


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.lists(FOUND, max_size=6), kept=st.sampled_from(("P1", "P2")))
def test_every_row_that_held_holds_once_under_the_kept_record_and_the_other_has_none(
    clinic: Chart, addresses: Addresses, found: list[dict[str, Any]], kept: str
) -> None:
    other = {"P1": "P2", "P2": "P1"}[kept]
    record(clinic, *found)
    before, held = rows_by_table(clinic), fingerprint(clinic.care_log())
    merge(clinic, addresses, kept, other)
    after = rows_by_table(clinic)
    assert len(before.pop("patients")) == len(after.pop("patients")) + 1
    assert before == after
    assert clinic.care_log_of(kept).findings.height == clinic.care_log().findings.height
    assert set(clinic.care_log_of(kept).episodes["episode"]) == {"E1", "E2"}
    gone = clinic.care_log_of(other)
    assert all(gone.table(name).is_empty() for name in TABLES)
    with read_transaction(clinic.engine) as connection:
        assert not any(rows_of(connection, name, other) for name in TABLES)
        for name in (*OF_A_PERSON, "patients"):  # whatever tables there will be
            rows = ROWS[name]
            left = sa.select(rows.c.id).where(rows.c.patient == other, holding(rows))
            assert connection.scalar(left) is None
    assert sum(log.scores.height for log in clinic.care_logs()) == clinic.care_log().scores.height
    unmerge_record(clinic, other, "Ada", "two people after all")
    assert fingerprint(clinic.care_log()) == held
    assert not clinic.verify().wrong


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.integers(0, 60), kept=st.sampled_from(("P1", "P2")))
def test_an_allergy_of_one_record_is_never_hidden_by_a_none_of_the_other(
    clinic: Chart, addresses: Addresses, days: int, kept: str
) -> None:
    allergy = {"patient": "P1", "at": AT, "kind": "allergy", "code": "chlorhexidine"}
    later = AT + timedelta(days=days)
    record(clinic, allergy)
    record(clinic, {"patient": "P2", "at": later, "kind": "allergy", "code": SCREENED})
    merge(clinic, addresses, kept, {"P1": "P2", "P2": "P1"}[kept])
    known = facts(clinic.care_log_of(kept), AT.date() + timedelta(days=90))
    told = known["contraindications"].fill_null("") + known["cautions"].fill_null("")
    assert all("chlorhexidine" in text for text in told)
    unmerge_record(clinic, {"P1": "P2", "P2": "P1"}[kept], "Ada", "two people after all")


def test_what_differs_is_chosen_and_never_guessed(clinic: Chart, addresses: Addresses) -> None:
    differing = differences(clinic, "P1", "P2")
    assert [each.column for each in differing] == ["name", "birth_date", "sex"]
    before = clinic.head()
    for left_out in CHOSEN:
        chosen = {name: value for name, value in CHOSEN.items() if name != left_out}
        asked = MergeRequest(kept="P1", other="P2", chosen=chosen, why=WHY)
        with pytest.raises(UsageError, match="choose which holds"):
            merge_records(clinic, addresses, asked, "Ada")
    asked = MergeRequest(kept="P1", other="P2", chosen={**CHOSEN, "sex": "other"}, why=WHY)
    with pytest.raises(UsageError, match="in neither record now"):
        merge_records(clinic, addresses, asked, "Ada")
    assert clinic.head() == before
    chosen = {"name": "Bo", "birth_date": "1980-02-01", "sex": "male"}
    asked = MergeRequest(kept="P1", other="P2", chosen=chosen, why=WHY)
    merge_records(clinic, addresses, asked, "Ada")
    person = clinic.care_log_of("P1").patients.row(0, named=True)
    assert (person["name"], str(person["birth_date"]), person["sex"]) == (
        "Bo",
        "1980-02-01",
        "male",
    )


@pytest.mark.parametrize(
    ("kept", "other", "why", "told"),
    [
        ("P1", "P1", WHY, "one record already"),
        ("P1", "P9", WHY, "nobody has the record number `P9`"),
        ("P1", "P2", "..", "say why in words"),
    ],
)
def test_what_makes_no_sense_merges_nothing(
    clinic: Chart, addresses: Addresses, kept: str, other: str, why: str, told: str
) -> None:
    before = clinic.head()
    asked = MergeRequest(kept=kept, other=other, chosen=CHOSEN, why=why)
    with pytest.raises(UsageError, match=told):
        merge_records(clinic, addresses, asked, "Ada")
    assert clinic.head() == before


def test_both_record_numbers_lead_to_one_record_with_both_histories(
    clinic: Chart, addresses: Addresses
) -> None:
    clinic.note(AuditEvent("Eva", "view", None, "P2"), page="patient")
    clinic.note(AuditEvent("Finn", "view", None, "P1"), page="patient")
    merge(clinic, addresses)
    assert clinic.kept_as("P2") == clinic.kept_as("P1") == "P1"
    by = [set(clinic.log(patient)["by"]) for patient in ("P1", "P2")]
    assert by[0] == by[1] >= {"Ada", "Eva", "Finn"}
    told = [record_of(clinic, patient) for patient in ("P1", "P2")]
    assert told[0] == told[1]
    moved = told[0].tables["episodes"][-1].versions
    assert [version.change for version in moved] == ["recorded", "corrected"]
    assert all(version.values for version in moved)
    entry = clinic.log().filter(action=MERGED).row(0, named=True)
    assert (entry["reason"], entry["patient"]) == (WHY, "P1")
    assert json.loads(entry["detail"])["merged"] == "P2"
    assert clinic.care_log_of("P2", clinic.head().entry - 1).episodes.height == 1  # as it was then


def test_links_and_addresses_of_the_other_record_go_on_with_the_kept_one(
    clinic: Chart, addresses: Addresses
) -> None:
    links = Links(clinic, b"0" * 32)
    links.make("E2", "P2", "Ada")
    addresses.agree("P2", "bo@example.org", "Ada")
    merge(clinic, addresses)
    assert [link.episode for link in links.of("P1").values()] == ["E2"]
    assert addresses.all() == {"P1": "bo@example.org"}


def test_the_address_of_the_record_that_is_kept_comes_first(
    clinic: Chart, addresses: Addresses
) -> None:
    addresses.agree("P1", "ada@example.org", "Ada")
    addresses.agree("P2", "bo@example.org", "Ada")
    merge(clinic, addresses)
    assert addresses.all() == {"P1": "ada@example.org"}


def test_what_was_sent_before_and_is_sent_again_after_a_merge_is_recorded_once(
    clinic: Chart, addresses: Addresses
) -> None:
    score = {"episode": "E2", "at": AT, "measure": "nrs", "value": 3.0}
    frame = pl.DataFrame([score], TABLES["scores"].schema)

    def send(patient: str) -> int:
        act = AuditEvent("patient", "check-in", None, patient)
        return clinic.insert({"scores": frame}, act, idempotency_key="abc")

    first = send("P2")
    merge(clinic, addresses)
    assert send("P1") == first


def test_a_record_is_taken_out_again_with_its_complaints_and_every_danger(
    clinic: Chart, addresses: Addresses
) -> None:
    merge(clinic, addresses)
    consent = {"patient": "P1", "at": AT, "kind": "consent", "code": "needling", "episode": "E2"}
    since = {"patient": "P1", "at": AT}
    told = [("medicine", "warfarin"), ("allergy", SCREENED), ("pregnancy", "pregnant")]
    record(clinic, consent, *({**since, "kind": kind, "code": code} for kind, code in told))
    weight = {"kind": "weight", "code": "body-weight", "value": 95.0, "unit": "kg"}
    record(clinic, {**since, **weight})
    before = clinic.care_log_of("P1").findings
    unmerge_record(clinic, "P2", "Ada", "two people after all")
    found = {p: set(clinic.care_log_of(p).findings["code"]) for p in ("P1", "P2")}
    assert "needling" in found["P2"]
    assert all({"warfarin", "pregnant"} <= codes for codes in found.values())
    assert before.filter(kind="allergy", code=SCREENED).height == 1
    now = clinic.care_log().findings
    assert now.filter(kind="allergy").is_empty()
    assert now.filter(kind="weight")["value"].to_list() == [70.0]
    assert clinic.kept_as("P2") == "P2"
    assert "Ada" not in set(clinic.log("P2").filter(action="enter")["by"])
    with pytest.raises(UsageError, match="was not merged"):
        unmerge_record(clinic, "P2", "Ada", "two people after all")


def test_a_merge_after_a_merge_leads_to_whom_was_kept_last(
    clinic: Chart, addresses: Addresses
) -> None:
    frame = pl.DataFrame([{"patient": "P3", "name": "Ada"}], TABLES["patients"].schema)
    clinic.insert({"patients": frame}, AuditEvent("Ada", "enter", None, "P3"))
    merge(clinic, addresses)
    asked = MergeRequest(kept="P3", other="P1", why=WHY)
    merge_records(clinic, addresses, asked, "Ada")
    assert [clinic.kept_as(patient) for patient in ("P1", "P2", "P3")] == ["P3"] * 3
    assert set(clinic.care_log_of("P3").episodes["episode"]) == {"E1", "E2"}
    unmerge_record(clinic, "P1", "Ada", "two people after all")
    assert clinic.kept_as("P2") == "P1"
