"""Whose patients somebody sees, what a look at others' leaves behind, and who is nobody's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from reliefpath.care.care_teams import URGENT, clinicians_of, treated_by, unanswered
from reliefpath.documents.record.record import record_of
from reliefpath.errors import UsageError, is_reason
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.identity.tables import VERSIONS
from reliefpath.store.chart import Chart
from reliefpath.store.log import Asked
from reliefpath.store.tables import ROWS, holding
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings

from .clients import Client, client_of
from .conftest import TODAY

LENA, TOMAS = "Lena Brandt, PT", "Tomás Rey, PT"
FLAGGED = "demo-0004"
"""Of whom a red flag is recorded."""


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    """A clinic with two therapists who are called alike, each with patients of their own."""
    accounts = Accounts(settings.accounts)
    accounts.add("lena", "Kim Lee", Role.CLINICIAN, None, clinicians=[LENA])
    accounts.add("tomas", "Kim Lee", Role.CLINICIAN, None, clinicians=[TOMAS])
    app = create_app(settings)
    app.state.care.assessed.patience = 60
    return app


def chart_of(app: FastAPI) -> Chart:
    chart: Chart = app.state.care.chart
    return chart


def accounts_of(app: FastAPI) -> Accounts:
    accounts: Accounts = app.state.accounts
    return accounts


def episodes_of(app: FastAPI, clinician: str) -> set[str]:
    """The episodes of patients whom nobody but a clinician treats."""
    theirs = pl.col("clinician").eq_missing(pl.lit(clinician)).all().over("patient")
    return set(chart_of(app).care_log().episodes.filter(theirs)["episode"])


def listed(client: Client, **filters: str) -> set[str]:
    """The episodes on every page of the worklist."""
    pages = [client.get("/worklist", params={**filters, "page": str(n)}).text for n in (1, 2, 3)]
    return {episode for page in pages for episode in re.findall(r'href="/patient/([^"#]+)', page)}


def log_of(app: FastAPI, by: str) -> list[tuple[str, str | None, dict[str, object]]]:
    """What the audit log tells of somebody: each action, whom it concerns, and what else."""
    rows = chart_of(app).log().filter(by=by).sort("entry")
    told = zip(rows["action"], rows["patient"], rows["detail"], strict=True)
    return [(action, patient, json.loads(detail or "{}")) for action, patient, detail in told]


def correct_clinician(app: FastAPI, episode: str, clinician: str | None) -> None:
    chart, rows = chart_of(app), ROWS["episodes"]
    with chart.engine.connect() as connection:
        query = sa.select(rows.c.id).where(rows.c.episode == episode, holding(rows))
        row = connection.scalar(query)
    assert row is not None
    chart.correct("episodes", row, {"clinician": clinician}, AuditEvent("ada", "correct", "a slip"))


def raise_a_red_flag(app: FastAPI, episode: str = FLAGGED) -> None:
    patient = chart_of(app).patient_of(episode)
    flag = {"patient": [patient], "at": [str(TODAY)], "kind": ["red-flag"]}
    rows = pl.DataFrame({**flag, "code": ["cauda-equina"]})
    chart_of(app).insert({"findings": rows}, AuditEvent("ada", "enter", None, patient))


# whose


def test_the_worklist_shows_ones_own_patients_and_those_of_whom_nobody_is_named(
    app: FastAPI,
) -> None:
    own, others = episodes_of(app, LENA), episodes_of(app, TOMAS)
    mine = listed(client_of(app, "lena"))
    assert mine & own
    assert not mine & others
    unnamed = min(listed(client_of(app, "tomas")) & others)
    correct_clinician(app, unnamed, None)
    assert unnamed in listed(client_of(app, "lena"))
    assert client_of(app, "lena").get(f"/patient/{unnamed}").text.count("care team’s patient") == 0


def test_two_people_who_are_called_alike_do_not_see_each_others_patients(app: FastAPI) -> None:
    lenas, tomas = min(episodes_of(app, LENA)), min(episodes_of(app, TOMAS))
    correct_clinician(app, lenas, "Kim Lee")  # as both are called, and so of neither
    for username, episode in (("lena", tomas), ("tomas", lenas), ("lena", lenas)):
        said = client_of(app, username).get(f"/patient/{episode}").text
        assert "Another care team’s patient" in said, (username, episode)
    correct_clinician(app, lenas, "tomas")
    assert "care team’s patient" in client_of(app, "lena").get(f"/patient/{lenas}").text
    assert "care team’s patient" not in client_of(app, "tomas").get(f"/patient/{lenas}").text


def test_a_user_name_is_its_accounts_and_nobody_elses(app: FastAPI) -> None:
    accounts = accounts_of(app)
    with pytest.raises(UsageError, match="user name of an account"):
        accounts.set_care_teams("tomas", ["lena"])
    accounts.set_care_teams("tomas", [TOMAS, "rey"])
    with pytest.raises(UsageError, match="choose another user name"):
        accounts.add("rey", "Rey", Role.CLINICIAN, None)
    assert accounts.find("tomas").clinicians == {"tomas", TOMAS, "rey"}
    accounts.set_care_teams("tomas", [])
    assert accounts.find("tomas").clinicians == {"tomas"}
    said = [event.what for event in accounts.log.newest(limit=2)]
    assert said == [
        "treats the patients of nobody else",
        f"treats the patients of {TOMAS}, rey",
    ]


def test_a_patient_whom_two_treat_is_of_both_teams_whichever_episode_is_opened(
    app: FastAPI,
) -> None:
    chart = chart_of(app)
    theirs = chart.care_log().episodes.filter(clinician=LENA).row(0, named=True)
    more = {"episode": ["shared"], "patient": [theirs["patient"]], "region": ["hip"]}
    rows = pl.DataFrame({**more, "started_on": [str(TODAY)], "clinician": [TOMAS]})
    chart.insert({"episodes": rows}, AuditEvent("ada", "enter", None, theirs["patient"]))
    for username in ("lena", "tomas"):
        assert "shared" in listed(client_of(app, username))
        for episode in ("shared", theirs["episode"]):
            said = client_of(app, username).get(f"/patient/{episode}").text
            assert "care team’s patient" not in said


def test_an_episode_without_a_clinician_opens_no_other_teams_patient(app: FastAPI) -> None:
    chart = chart_of(app)
    patient = chart.care_log().episodes.filter(clinician=LENA)["patient"][0]
    more = {"episode": ["unnamed"], "patient": [patient], "region": ["hip"]}
    rows = pl.DataFrame({**more, "started_on": [str(TODAY)]})
    chart.insert({"episodes": rows}, AuditEvent("ada", "enter", None, patient))
    assert "unnamed" not in listed(client_of(app, "tomas"))
    assert "care team’s patient" in client_of(app, "tomas").get("/patient/unnamed").text


def test_an_account_that_was_called_as_the_chart_calls_its_clinician_keeps_its_patients(
    settings: Settings,
) -> None:
    accounts = Accounts(settings.accounts)
    for username, name in (("lena", LENA), ("kim1", "Kim Lee"), ("kim2", "Kim Lee")):
        accounts.add(username, name, Role.CLINICIAN, None)
    accounts.add("rey", "lena", Role.CLINICIAN, None)  # called as somebody else signs in
    VERSIONS.downgrade(accounts.engine, "0004")
    VERSIONS.upgrade(accounts.engine)
    found = {account.username: account.care_teams for account in accounts.all()}
    assert found["lena"] == {LENA}
    assert found["kim1"] == found["kim2"] == found["rey"] == frozenset()


# what it leaves behind


def test_a_wider_look_tells_once_a_view_whom_it_showed(app: FastAPI) -> None:
    client, chart = client_of(app, "lena"), chart_of(app)
    client.get("/worklist")
    assert [detail for *_, detail in log_of(app, "lena")] == [{"page": "worklist"}]
    shown = listed(client, clinician=TOMAS) & episodes_of(app, TOMAS)
    patients = {str(chart.patient_of(episode)) for episode in shown}
    told = [detail for *_, detail in log_of(app, "lena")][1:]
    assert told == [{"page": "worklist", "shown": sorted(patients)}] * 3  # each page is the last
    client.get("/worklist", params={"clinician": "*", "q": "of nobody"})
    assert len(log_of(app, "lena")) == 4, "whoever was shown nobody leaves nothing"


def test_ones_own_patients_are_not_told_each_time(app: FastAPI) -> None:
    client = client_of(app, "lena")
    for _ in range(2):
        listed(client, clinician=LENA)
    assert len(log_of(app, "lena")) == 1


def test_an_auditor_finds_who_was_shown_a_patient_and_the_record_tells_it(app: FastAPI) -> None:
    chart, shown = chart_of(app), min(listed(client_of(app, "tomas")) & episodes_of(app, TOMAS))
    listed(client_of(app, "lena"), clinician="*", q=shown)
    patient = chart.patient_of(shown)
    assert patient is not None
    of_lena = Asked(by="lena", patient=patient)
    assert any("shown" in (row["detail"] or "") for row in chart.entries(of_lena))
    other = next(p for p in chart.care_log().patients["patient"] if p != patient)
    of_other = Asked(by="lena", patient=other)
    assert not any("shown" in (row["detail"] or "") for row in chart.entries(of_other))
    looks = [(look.by, look.action) for look in record_of(chart, patient).access]
    assert looks.count(("lena", "view")) > 1


def test_check_ins_due_show_ones_own_patients_and_a_wider_look_tells_whom(app: FastAPI) -> None:
    everybody = client_of(app, "lena").get("/due?everybody=1").text
    own = client_of(app, "lena").get("/due").text
    mine, all_ = (set(re.findall(r'href="/patient/([^"/]+)"', page)) for page in (own, everybody))
    assert mine < all_
    assert not mine & episodes_of(app, TOMAS)
    shown = [detail["shown"] for *_, detail in log_of(app, "lena") if "shown" in detail]
    assert shown == [sorted({chart_of(app).patient_of(e) or "" for e in all_ - mine})]


@pytest.mark.parametrize(
    ("username", "path"),
    [
        ("tomas", "/patient/{episode}"),
        ("tomas", "/patient/{episode}/record"),
        ("auditor", "/patient/{episode}"),
        ("administrator", "/worklist"),
        ("clinician", "/audit"),
    ],
)
def test_a_look_that_was_refused_is_in_the_audit_log(
    app: FastAPI, username: str, path: str
) -> None:
    episode = min(episodes_of(app, LENA))
    client_of(app, username).get(path.format(episode=episode))
    patient = chart_of(app).patient_of(episode) if "{" in path else None
    action, whose, detail = log_of(app, username)[-1]
    assert (action, whose) == ("refused", patient)
    assert str(detail["page"]) in path or detail["page"] == "patient"


# a reason


@pytest.mark.parametrize("reason", ["", " ", "x", ".....", "aaaa", "  \t", "12", "ok"])
def test_a_record_does_not_open_for_what_is_no_reason(app: FastAPI, reason: str) -> None:
    episode, client = min(episodes_of(app, LENA)), client_of(app, "tomas")
    assert client.post(f"/patient/{episode}/open", data={"reason": reason}).status_code == 400
    assert "care team’s patient" in client.get(f"/patient/{episode}").text


@given(st.text(alphabet=" .-_\t0123456789xX!", max_size=40))
def test_nothing_without_words_is_a_reason(reason: str) -> None:
    assert not is_reason(reason)


def test_a_reason_lasts_for_24_hours_for_who_gave_it_and_is_then_asked_for_again(
    app: FastAPI,
) -> None:
    episode, client = min(episodes_of(app, LENA)), client_of(app, "tomas")
    client.post(f"/patient/{episode}/open", data={"reason": "covering today"})
    care = app.state.care
    now = care.chart.clock()

    def is_asked(who: Client, **later: float) -> bool:
        care.chart = replace(care.chart, clock=lambda: now + timedelta(**later))
        return "care team’s patient" in who.get(f"/patient/{episode}").text

    assert not is_asked(client)
    assert not is_asked(client, hours=23, minutes=59)
    assert is_asked(client_of(app, "clinician"))
    assert is_asked(client, hours=24, minutes=1)


# nobody's


def test_who_is_urgent_and_whose_clinician_has_no_account_stands_on_the_directors_list(
    app: FastAPI,
) -> None:
    correct_clinician(app, FLAGGED, LENA)
    raise_a_red_flag(app)
    director = client_of(app, "director")
    assert FLAGGED not in listed(director)
    accounts_of(app).change("lena", Role.CLINICIAN, active=False)
    assert FLAGGED in listed(director)
    page = director.get("/worklist", params={"q": FLAGGED}).text
    assert "no active clinician" in page
    shown = [detail["shown"] for *_, detail in log_of(app, "director") if "shown" in detail]
    assert [chart_of(app).patient_of(FLAGGED)] in shown
    accounts_of(app).set_care_teams("tomas", [TOMAS, LENA])
    assert FLAGGED not in listed(director)
    assert FLAGGED in listed(client_of(app, "tomas"))


def test_where_no_director_signs_in_every_clinician_sees_who_is_nobodys(app: FastAPI) -> None:
    correct_clinician(app, FLAGGED, "who has left")
    raise_a_red_flag(app)
    assert FLAGGED not in listed(client_of(app, "tomas"))
    accounts_of(app).change("director", Role.DIRECTOR, active=False)
    assert FLAGGED in listed(client_of(app, "tomas"))
    assert FLAGGED not in listed(client_of(app, "assistant"))
    assert "care team’s patient" in client_of(app, "tomas").get(f"/patient/{FLAGGED}").text


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_does_not_treat_answers_for_nobody(app: FastAPI, role: Role) -> None:
    correct_clinician(app, FLAGGED, LENA)
    raise_a_red_flag(app)
    accounts_of(app).change("lena", role, active=True)
    assert FLAGGED in listed(client_of(app, "director"))


def rows(*each: tuple[str, str, str | None, bool]) -> pl.DataFrame:
    """Rows of everybody: patient, status, clinician, and whether the episode goes on."""
    names = ["patient", "status", "clinician", "in_care"]
    frame = pl.DataFrame([list(row) for row in each], names, orient="row")
    assigned = pl.col("clinician").is_not_null().any().over("patient")
    return frame.with_columns(
        pl.col("clinician").cast(pl.String), assigned=assigned, in_follow_up=False
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([("p", "worsening", "gone", True)], [True]),
        ([("p", "worsening", "here", True)], [False]),
        ([("p", "worsening", None, True)], [True]),
        ([("p", "worsening", "gone", False)], [False]),
        ([("p", "recovering", "gone", True)], [False]),
        ([("p", "referred", "gone", True), ("p", "stalled", "here", True)], [False, False]),
        ([("p", "referred", "gone", True), ("p", "lasting", "here", False)], [True, False]),
        ([("p", "referred", "gone", True), ("q", "referred", "here", True)], [True, False]),
        ([("p", "recurred", "gone", True)], [True]),
    ],
)
def test_who_is_nobodys(
    told: list[tuple[str, str, str | None, bool]], expected: list[bool]
) -> None:
    everybody = rows(*told)
    assert unanswered(everybody, frozenset({"here"})).to_list() == expected


def test_whose_follow_up_shows_something_urgent_is_somebodys() -> None:
    everybody = rows(("p", "recurred", "gone", False)).with_columns(in_follow_up=True)
    assert unanswered(everybody, frozenset()).to_list() == [True]
    assert unanswered(everybody, frozenset({"gone"})).to_list() == [False]


EPISODES = st.lists(
    st.tuples(
        st.sampled_from("pqr"),
        st.sampled_from([*URGENT, "recovering"]),
        st.sampled_from(["a", "b", "c", None]),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(EPISODES, st.frozensets(st.sampled_from("abc")))
def test_every_urgent_row_is_on_the_list_of_somebody_who_treats(
    told: list[tuple[str, str, str | None, bool]], active: frozenset[str]
) -> None:
    everybody = rows(*told)
    seen = everybody.with_columns(
        pl.any_horizontal(pl.lit(False), *(treated_by({name}) for name in sorted(active))).alias(
            "theirs"
        ),
        unanswered(everybody, active).alias("directors"),
    ).filter(pl.col("in_care"), pl.col("status").is_in(URGENT))
    assert (seen["theirs"] | seen["directors"]).all()


# by an administrator


def test_an_administrator_says_whose_patients_somebody_treats(app: FastAPI) -> None:
    admin, names = client_of(app, "administrator"), clinicians_of(chart_of(app))
    assert LENA in names
    accounts_of(app).set_care_teams("lena", [])
    assert LENA in admin.get("/people").text.partition("Clinicians without")[2]
    page = admin.get("/people/lena").text
    assert f'name="clinician" value="{LENA}">' in page
    data = {"clinician": [LENA, "Joel Hart, DPT"]}
    assert admin.post("/people/lena/care-teams", data=data).status_code == 303
    assert accounts_of(app).find("lena").care_teams == set(data["clinician"])
    assert f'value="{LENA}" checked>' in admin.get("/people/lena").text
    wrong = admin.post("/people/lena/care-teams", data={"clinician": ["tomas"]})
    assert wrong.status_code == 400
    assert "user name of an account" in wrong.text
