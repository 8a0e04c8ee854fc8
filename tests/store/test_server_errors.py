"""What a PostgreSQL server refuses or never answers is told by its codes, whatever it speaks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa

from reliefpath.errors import ChartError, UncertainCommitError
from reliefpath.store import database
from reliefpath.store.chart import Chart, create_chart, open_chart
from reliefpath.store.database import translate_errors, url_of, write_transaction
from reliefpath.store.tables import AUDIT
from reliefpath.store.writing import AuditEvent

from .conftest import Databases
from .proxy import Cut, Proxy
from .server import own_server

pytestmark = pytest.mark.postgresql

NEW = AuditEvent("Ada", "entered", None, "P1")
GERMAN = "de_DE.UTF-8"
UNKNOWN = "it is not known whether the last change was written: look for it"


def patients(*names: str) -> dict[str, pl.DataFrame]:
    return {"patients": pl.DataFrame({"patient": names})}


@pytest.fixture(scope="module")
def german_url() -> Iterator[str]:
    """A server that says everything in German."""
    for server in own_server(safe=False, locale=GERMAN):
        url = server.url("postgres")
        with (
            psycopg.connect(url, autocommit=True) as asking,
            pytest.raises(psycopg.errors.UndefinedTable) as said,
        ):
            asking.execute("select * from nowhere")
        if "existiert nicht" not in str(said.value):
            pytest.skip("this PostgreSQL has no German; Debian's has")
        yield url


@pytest.fixture(params=["english", "german"])
def chart(request: pytest.FixtureRequest) -> Iterator[Chart]:
    """An empty chart on a server of either language."""
    name = "server_url" if request.param == "english" else "german_url"
    databases = Databases(request.getfixturevalue(name))
    opened = create_chart(databases.new())
    yield opened
    opened.close()
    databases.drop_all()


def url_to(chart: Chart) -> str:
    return chart.engine.url.render_as_string(hide_password=False)


@pytest.fixture
def proxy(chart: Chart) -> Iterator[Proxy]:
    """A network to the server of a chart that may fail."""
    made = Proxy(url_to(chart).replace("postgresql+psycopg", "postgresql"))
    yield made
    made.close()


@pytest.mark.parametrize(("cut", "written"), [("the commit", 0), ("its answer", 1)])
def test_who_loses_the_server_in_a_commit_is_told_to_look_and_may_send_it_again(
    chart: Chart, proxy: Proxy, cut: Cut, written: int
) -> None:
    far = open_chart(proxy.url)
    proxy.cut = cut
    with pytest.raises(UncertainCommitError, match=UNKNOWN) as told:
        far.insert(patients("P1"), NEW, idempotency_key="of-tuesday")
    assert "nothing was written" not in str(told.value)
    assert proxy.cut is None
    for _ in range(2):  # once the network is back
        assert far.insert(patients("P1"), NEW, idempotency_key="of-tuesday") == 1
    assert chart.care_log().patients.height == 1
    assert chart.log()["action"].to_list() == ["entered"]
    assert not chart.verify().wrong
    far.close()


def test_what_was_committed_before_its_answer_was_lost_is_on_record(
    chart: Chart, proxy: Proxy
) -> None:
    far = open_chart(proxy.url)
    cuts: dict[str, Cut] = {"P1": "the commit", "P2": "its answer"}
    for name, cut in cuts.items():
        proxy.cut = cut
        with pytest.raises(UncertainCommitError):
            far.insert(patients(name), NEW)
    assert chart.care_log().patients["patient"].to_list() == ["P2"]
    far.close()


def test_a_connection_lost_before_the_commit_wrote_nothing_and_says_so(chart: Chart) -> None:
    other = open_chart(url_to(chart))

    def cut_off(*, while_copying: bool) -> None:
        with other.change(NEW) as change:
            pid = change.connection.scalar(sa.select(sa.func.pg_backend_pid()))
            with chart.engine.connect() as killer:
                killer.execute(sa.select(sa.func.pg_terminate_backend(pid)))
            if while_copying:
                change.add("patients", patients("P1")["patients"])
            change.connection.execute(sa.select(1))

    for while_copying in (False, True):
        with pytest.raises(ChartError, match="connection was lost; nothing was written") as told:
            cut_off(while_copying=while_copying)
        assert not isinstance(told.value, UncertainCommitError)
    assert chart.head().entry == 0
    other.note(NEW)
    other.close()


def test_a_chart_whose_rows_are_changed_in_place_says_that_they_are_kept(chart: Chart) -> None:
    chart.note(NEW)
    with (
        pytest.raises(ChartError, match="rows are kept for ever: correct or withdraw them"),
        write_transaction(chart.engine) as connection,
    ):
        connection.execute(AUDIT.delete())
    assert chart.head().entry == 1


def test_a_writer_who_waits_in_vain_is_told_by_a_server_of_any_language(
    chart: Chart, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    other = open_chart(url_to(chart))
    with (
        write_transaction(chart.engine),
        pytest.raises(ChartError, match=r"kept it locked .*; nothing was"),
    ):
        other.note(NEW)
    other.close()


def test_a_standby_of_any_language_is_told(chart: Chart) -> None:
    with chart.engine.connect() as connection:
        name = connection.scalar(sa.select(sa.func.current_database()))
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        connection.commit()
    chart.engine.dispose()
    with pytest.raises(ChartError, match="the server is read-only"):
        chart.note(NEW)


def test_a_server_of_any_language_that_lets_nobody_in_is_told_in_its_words(chart: Chart) -> None:
    url = chart.engine.url.set(database="nowhere", password="secret")
    with pytest.raises(ChartError, match=r"cannot be reached: .*nowhere.*; check that") as told:
        open_chart(url.render_as_string(hide_password=False))
    assert "secret" not in str(told.value)


def as_told(error: Exception, url: str = "postgresql://ada@clinic.example/charts") -> str:
    with pytest.raises(ChartError) as told, translate_errors(url_of(url)):
        raise error
    return str(told.value)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            psycopg.errors.DiskFull("konnte Datei nicht erweitern: Kein Platz auf dem Gerät"),
            "the server's disk is full: make room and try again; nothing was written",
        ),
        (
            psycopg.errors.DataCorrupted("ungültige Seite in Block 7 von Relation base/5/16384"),
            "is damaged; restore a backup",
        ),
        (
            psycopg.errors.RaiseException("patients ist nur zum Anhängen"),
            "rows are kept for ever",
        ),
        (
            psycopg.errors.UntranslatableCharacter("Zeichen hat keine\n  Entsprechung in »LATIN1«"),
            "Zeichen hat keine Entsprechung in »LATIN1«; nothing was written",
        ),
    ],
)
def test_a_code_says_what_is_wrong_where_the_text_is_german(
    error: psycopg.Error, told: str
) -> None:
    """No test can bring these about, so their texts are made up, like those of PostgreSQL."""
    assert told in as_told(sa.exc.DBAPIError.instance("select 1", None, error, psycopg.Error))


def sqlite_error(name: str, said: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(said)
    error.sqlite_errorname, error.sqlite_errorcode = name, getattr(sqlite3, name)
    return error


def test_a_disk_that_fails_in_a_commit_leaves_it_open_whether_it_was_written() -> None:
    error = sqlite_error("SQLITE_IOERR_FSYNC", "disk I/O error")
    assert UNKNOWN in as_told(error, "a.chart")
    with (
        pytest.raises(ChartError, match=r"disk is full or failing.*; nothing was written"),
        translate_errors(url_of("a.chart"), commits=False),
    ):
        raise error
