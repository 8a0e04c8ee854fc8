"""What is kept of a patient is never old: what is shown is as if it had been worked out anew."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest
from fastapi import FastAPI

from cli.commands import reliefpath
from reliefpath.care import patients
from reliefpath.care.clinic_chart import Care
from reliefpath.care.patients import PatientCache
from reliefpath.errors import UsageError
from reliefpath.simulation import demo_clinic
from reliefpath.store.chart import create_chart, open_chart
from reliefpath.store.database import read_transaction
from reliefpath.store.tables import ROWS, holding
from reliefpath.store.terms import set_term
from reliefpath.store.writing import AuditEvent
from reliefpath.web.app import create_app
from reliefpath.web.settings import Settings
from reliefpath.web.views.patient import look_into
from reliefpath.web.workers import assessing, preparing
from reliefpath.web.workers.assessing import Assessor
from reliefpath.web.workers.preparing import make_ready, not_ready

from .clients import Client, client_of
from .conftest import TODAY

ADA = AuditEvent("ada", "record")
SOME = 5
WORDS = ("zorblax", "quintol")


@pytest.fixture(scope="module")
def small_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chart of a few demo patients, to copy."""
    file = tmp_path_factory.mktemp("small") / "small.chart"
    chart = create_chart(str(file))
    chart.load(demo_clinic(SOME, 1, TODAY), "demo", AuditEvent("import", "import"))
    chart.close()
    return file


@dataclass
class Clinic:
    """A clinic in which anything is recorded, by a connection that is not the server's."""

    settings: Settings
    chance: Random
    day: date = TODAY
    zones: list[str] = field(default_factory=lambda: ["Asia/Tokyo", "America/New_York", "UTC"])
    number: int = 0

    def __post_init__(self) -> None:
        self.settings = replace(self.settings, today=lambda: self.day)
        self.chart = open_chart(self.settings.chart)
        app = create_app(self.settings)
        self.care: Care = app.state.care
        self.kept = client_of(app, "director")

    def check(self, after: str) -> None:
        """Hold what is kept against what a server says that has just begun, of everybody."""
        anew = Client(create_app(self.settings))
        anew.cookies, anew.headers = self.kept.cookies, self.kept.headers
        pages = [path for i in range(1, SOME + 1) for path in self.pages(f"demo-{i:04}")]
        for path in pages:
            assert told(self.kept, path) == told(anew, path), (after, path)

    def pages(self, episode: str) -> list[str]:
        """What is shown of an episode; of one of them the picture, too, which takes long."""
        kinds = ["json", "svg"] if episode == "demo-0002" else ["json"]
        curves = [f"/patient/{episode}/curve.{kind}?measure=nrs" for kind in kinds]
        return [f"/patient/{episode}", *curves]

    def row(self, table: str) -> tuple[int, str]:
        """The number of any row that holds, and whose it is."""
        rows = ROWS[table]
        key = "episode" if "episode" in rows.c else "patient"
        with read_transaction(self.chart.engine) as connection:
            found = connection.execute(rows.select().where(holding(rows)).order_by(rows.c.id)).all()
        one = self.chance.choice(found)
        return int(one.id), str(getattr(one, key))

    def insert_score(self) -> None:
        self.chart.insert({"scores": self.score()}, ADA)

    def score(self) -> pl.DataFrame:
        _, episode = self.row("episodes")
        self.number += 1
        at = f"{TODAY - timedelta(days=1)}T09:{self.number % 60:02}:00+00:00"
        value = str(self.chance.randrange(11))
        return pl.DataFrame(
            {"episode": [episode], "at": [at], "measure": ["nrs"], "value": [value]}
        )

    def correct_score(self) -> None:
        rows = ROWS["scores"]
        with read_transaction(self.chart.engine) as connection:
            is_nrs = rows.c.measure == "nrs"
            found = connection.scalars(rows.select().where(is_nrs, holding(rows))).all()
        value = str(self.chance.randrange(11))
        self.chart.correct("scores", self.chance.choice(found), {"value": value}, ADA)

    def withdraw_row(self) -> None:
        table = self.chance.choice(["scores", "treatments", "findings", "exams"])
        self.chart.withdraw(table, self.row(table)[0], ADA)

    def withdraw_episode(self) -> None:
        self.chart.withdraw("episodes", self.row("episodes")[0], ADA)

    def move_episode(self) -> None:
        _, patient = self.row("patients")
        with suppress(UsageError):  # it is theirs already
            self.chart.correct("episodes", self.row("episodes")[0], {"patient": patient}, ADA)

    def name_patient(self) -> None:
        self.number += 1
        values = {"name": f"Somebody {self.number}"}
        self.chart.correct("patients", self.row("patients")[0], values, ADA)

    def import_more(self) -> None:
        self.number += 1
        care_log = demo_clinic(SOME, self.number, TODAY)
        self.chart.load(care_log, f"more {self.number}", ADA, corrections=True)

    def say_in_words(self) -> None:
        _, patient = self.row("patients")
        row = {"patient": patient, "at": f"{TODAY - timedelta(days=2)}"}
        row |= {"kind": "medicine", "code": self.chance.choice(WORDS)}
        self.chart.insert({"findings": pl.DataFrame([row])}, ADA)

    def understand(self) -> None:
        code = self.chance.choice(["warfarin", "no-rule", "other-anticoagulant"])
        set_term(self.chart, "medicine", self.chance.choice(WORDS), code, ADA)

    def move_clinic(self) -> None:
        self.zones.append(self.zones.pop(0))
        self.chart.set_zone(self.zones[0], AuditEvent("ada", "zone"))

    def turn_day(self) -> None:
        self.day += timedelta(days=self.chance.randrange(1, 30))

    def decide(self) -> None:
        _, episode = self.row("episodes")
        page = self.kept.get(f"/patient/{episode}")
        seen = page.text.partition('name="seen" value="')[2].partition('"')[0]
        self.kept.post(f"/patient/{episode}/decision", data={"choice": "agreed", "seen": seen})

    def record_in_another_process(self) -> None:
        rows = ROWS["scores"]
        with read_transaction(self.chart.engine) as connection:
            row = connection.scalars(rows.select().where(holding(rows))).first()
        ran = reliefpath(
            *("chart", "withdraw", self.settings.chart, "scores", str(row)),
            *("--why", "of another person", "--by", "ada"),
        )
        assert ran.returncode == 0, ran.stderr


CHANGES: list[Callable[[Clinic], None]] = [
    Clinic.insert_score,
    Clinic.correct_score,
    Clinic.withdraw_row,
    Clinic.withdraw_episode,
    Clinic.move_episode,
    Clinic.name_patient,
    Clinic.import_more,
    Clinic.say_in_words,
    Clinic.understand,
    Clinic.move_clinic,
    Clinic.turn_day,
    Clinic.decide,
    Clinic.record_in_another_process,
]


def told(client: Client, path: str) -> tuple[int, str]:
    """What is answered; each picture numbers its clips on."""
    answer = client.get(path)
    return answer.status_code, re.sub(r"clip\d+", "clip", answer.text)


@pytest.fixture
def small(settings: Settings, small_chart: Path) -> Settings:
    shutil.copy(small_chart, settings.chart)
    return settings


@pytest.mark.parametrize("apart", [False, True])
def test_whatever_is_recorded_what_is_shown_is_as_if_worked_out_anew(
    apart: bool, small: Settings
) -> None:
    chance = Random(apart)
    clinic = Clinic(small, chance)
    if apart:
        clinic.care.elsewhere = Assessor(small, clinic.care)
    clinic.check("nothing")
    # `understand` needs words that somebody said
    changes = [Clinic.say_in_words, *chance.sample(CHANGES, len(CHANGES))]
    for change in changes:
        change(clinic)
        clinic.check(change.__name__)
    clinic.chart.close()


def test_a_look_works_nothing_out_anew_and_who_looks_at_once_shares_the_work(
    small: Settings,
) -> None:
    chart = open_chart(small.chart)
    kept = PatientCache(chart, lambda: TODAY)
    done: list[int] = []
    with ThreadPoolExecutor(8) as people:
        list(people.map(lambda _: kept.state("P0001").once("it", lambda: done.append(1)), range(8)))
    state = kept.state("P0001")
    chart.note(AuditEvent("ada", "view"))
    chart.insert({"patients": pl.DataFrame({"patient": ["P9999"]})}, ADA)
    assert kept.state("P0001") is state
    assert done == [1]
    chart.close()


def test_what_failed_is_tried_again(small: Settings) -> None:
    chart = open_chart(small.chart)
    state = PatientCache(chart, lambda: TODAY).state("P0001")
    with pytest.raises(ZeroDivisionError):
        state.once("it", lambda: 1 / 0)
    assert state.once("it", lambda: 1) == 1
    chart.close()


def test_who_was_not_looked_at_for_long_is_not_kept(small: Settings) -> None:
    chart = open_chart(small.chart)
    kept = PatientCache(chart, lambda: TODAY, most=2)
    first, second = kept.state("P0001"), kept.state("P0002")
    assert kept.state("P0001") is first
    kept.state("P0003")
    assert kept.state("P0001") is first
    assert kept.state("P0002") is not second
    chart.close()


def looks(app: FastAPI, username: str) -> list[str]:
    log: pl.DataFrame = app.state.care.chart.log()
    return [json.loads(detail)["page"] for detail in log.filter(by=username)["detail"]]


def test_page_picture_and_curve_are_one_look(small: Settings) -> None:
    """Until something is recorded, or the page was left: then what is shown is another look."""
    app = create_app(small)
    chart, director = app.state.care.chart, client_of(app, "director")
    curve = "/patient/demo-0001/curve.json?measure=nrs"
    director.get(curve)
    assert looks(app, "director") == ["curve"]
    director.get("/patient/demo-0001")
    director.get(curve)
    director.get(curve.replace("json", "svg"))
    assert looks(app, "director") == ["curve", "patient"]
    client_of(app, "assistant").get(curve)
    assert looks(app, "assistant") == ["curve"]
    at = f"{TODAY}T07:00:00+00:00"
    row = {"episode": ["demo-0001"], "at": [at], "measure": ["nrs"], "value": ["3"]}
    chart.insert({"scores": pl.DataFrame(row)}, ADA)
    director.get(curve)
    assert looks(app, "director") == ["curve", "patient", "curve"]


def test_a_page_that_was_left_long_ago_is_another_look(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patients, "LOOK", timedelta(0))
    app = create_app(small)
    director = client_of(app, "director")
    director.get("/patient/demo-0001")
    director.get("/patient/demo-0001/curve.json?measure=nrs")
    assert looks(app, "director") == ["patient", "curve"]


def test_a_curve_is_refused_to_who_has_not_said_why_though_others_have_it_open(
    small: Settings,
) -> None:
    app = create_app(small)
    client_of(app, "director").get("/patient/demo-0001")
    answer = client_of(app, "clinician").get("/patient/demo-0001/curve.json?measure=nrs")
    assert "curve" not in answer.text
    assert app.state.care.chart.log().row(-1, named=True)["action"] == "refused"


def test_without_the_process_that_works_out_patients_the_server_does(small: Settings) -> None:
    app = create_app(small)
    care, director = app.state.care, client_of(app, "director")
    care.elsewhere = assessor = Assessor(small, care)
    there = director.get("/patient/demo-0001/curve.json?measure=nrs")
    assessor.helper.process.kill()
    assessor.helper.process.join()
    care.patients.state("P0001")._found.clear()
    here = director.get("/patient/demo-0001/curve.json?measure=nrs")
    assert there.text == here.text
    assert not assessor.helper.process.is_alive()


def test_one_that_died_long_ago_is_begun_anew(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assessing, "ANEW_SECONDS", 0)
    care = small.open_care()
    assessor = Assessor(small, care)
    assessor.helper.process.kill()
    assessor.helper.process.join()
    with pytest.raises((EOFError, OSError)):
        assessor(day_of)
    assert assessor(day_of) == TODAY


def day_of(care: Care) -> date:
    return care.today


def test_the_most_urgent_are_made_ready_and_again_once_something_is_recorded(
    small: Settings,
) -> None:
    care = small.open_care()
    waiting = not_ready(care)
    urgent = care.everybody().filter("in_care").select("patient", "episode").rows()
    assert waiting == urgent
    for patient, episode in waiting:
        make_ready(care, patient, episode)
    assert not_ready(care) == []
    state = care.patients.state(waiting[0][0])
    assert state.has(look_into, waiting[0][1])
    _, episode = waiting[-1]
    at = f"{TODAY}T07:00:00+00:00"
    row = {"episode": [episode], "at": [at], "measure": ["nrs"], "value": ["3"]}
    care.chart.insert({"scores": pl.DataFrame(row)}, ADA)
    assert not_ready(care) == [waiting[-1]]
    care.patients.most = 2
    assert len(not_ready(care)) <= 1


def test_a_patient_who_cannot_be_drawn_is_not_tried_for_ever(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "picture_of", lambda *_: 1 / 0)
    care = small.open_care()
    make_ready(care, "P0001", "demo-0001")
    assert "demo-0001" not in [episode for _, episode in not_ready(care)]
