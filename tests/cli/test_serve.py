"""Accounts on the command line, and a server that refuses to stand in the open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reliefpath.cli.commands.serve import _named
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.roles import Role
from reliefpath.store.chart import create_chart

from .commands import reliefpath

PASSWORD = "conservative-first"


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    create_chart(str(tmp_path / "clinic.chart")).close()
    return tmp_path / "clinic.chart"


def account(*arguments: str | Path, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reliefpath", "account", *map(str, arguments)]
    return subprocess.run(command, input=said, capture_output=True, text=True, check=False)


def test_the_first_administrator_is_made_with_a_password_from_standard_input(chart: Path) -> None:
    ada = ("add", chart, "ada", "--name", "Ada Adams", "--role", "administrator")
    assert account(*ada, said=f"{PASSWORD}\n").stdout == "Added ada, administrator.\n"
    accounts = Accounts(f"{chart}.accounts")
    assert accounts.sign_in("ada", PASSWORD) is not None
    assert accounts.find("ada").role is Role.ADMINISTRATOR
    assert "Ada Adams" in account("list", chart).stdout
    refused = account("disable", chart, "ada")
    assert refused.returncode == 2
    assert "last administrator" in refused.stderr


def test_whose_patients_somebody_treats_is_said_when_they_are_added(chart: Path) -> None:
    lena = ("add", chart, "lena", "--name", "Lena", "--role", "clinician", "--treats", "L. Brandt")
    account(*lena, said=f"{PASSWORD}\n")
    assert Accounts(f"{chart}.accounts").find("lena").clinicians == {"lena", "L. Brandt"}
    assert "L. Brandt" in account("list", chart).stdout


def test_a_forgotten_password_is_set_anew_and_an_account_disabled(chart: Path) -> None:
    for name, role in (("ada", "administrator"), ("bo", "clinician")):
        account("add", chart, name, "--name", name, "--role", role, said=f"{PASSWORD}\n")
    account("password", chart, "bo", said="another long password\n")
    accounts = Accounts(f"{chart}.accounts")
    assert accounts.sign_in("bo", "another long password") is not None
    assert account("disable", chart, "bo").stdout == "Disabled bo.\n"
    assert accounts.sign_in("bo", "another long password") is None
    assert "no account `eve`" in account("password", chart, "eve", said="x\n").stderr


def test_somebody_is_added_without_a_password_who_signs_in_by_the_provider(chart: Path) -> None:
    bo = ("add", chart, "bo", "--name", "Bo", "--role", "auditor")
    account(*bo, "--single-sign-on", "Bo@Clinic.example")
    assert not Accounts(f"{chart}.accounts").find("bo").has_password
    assert "bo@clinic.example" in account("list", chart).stdout


def test_a_clinic_is_restored_from_a_chart_and_the_accounts_beside_it(
    chart: Path, tmp_path: Path
) -> None:
    ada = ("add", chart, "ada", "--name", "Ada", "--role", "administrator")
    account(*ada, said=f"{PASSWORD}\n")
    again = tmp_path / "again.chart"
    reliefpath("chart", "restore", chart, again)
    assert (
        "accounts: 1, entries of their log: 1" in account("copy", chart, f"{again}.accounts").stdout
    )
    assert Accounts(f"{again}.accounts").sign_in("ada", PASSWORD) is not None
    assert account("copy", chart, f"{again}.accounts").returncode == 2


def test_half_a_provider_is_refused(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELIEFPATH_OIDC_ISSUER", "https://id.example")
    assert (
        "needs RELIEFPATH_OIDC_CLIENT_ID"
        in reliefpath("serve", chart, "--name", "localhost", code=2).stderr
    )


def test_an_account_is_not_made_beside_a_chart_that_is_not_there(tmp_path: Path) -> None:
    said = account("list", tmp_path / "none.chart")
    assert said.returncode == 2
    assert "there is no chart" in said.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--host", "0.0.0.0"), "others could read along"),
        (("--host", "0.0.0.0", "--demo"), "this computer alone"),
        (("--demo", "--proxy", "127.0.0.1"), "this computer alone"),
        (("--certificate", "cert.pem", "--name", "localhost"), "go together"),
        (("--backups", "nowhere", "--demo"), "no folder"),
        ((), "by which name it is reached"),
        (("--proxy", "127.0.0.1"), "by which name it is reached"),
        (("--host", "0.0.0.0", "--plain-http"), "by which name it is reached"),
        (("--name", "https://clinic.example.org"), "is no name of a host"),
        (("--name", "clinic.example.org/path"), "is no name of a host"),
        (("--name", "localhost", "--name", "a b"), "is no name of a host"),
    ],
)
def test_a_server_that_would_be_open_does_not_start(
    chart: Path, arguments: tuple[str, ...], says: str
) -> None:
    assert says in reliefpath("serve", chart, *arguments, code=2).stderr


def test_demo_accounts_are_served_as_a_demo_alone_also_behind_a_proxy(chart: Path) -> None:
    accounts = Accounts(f"{chart}.accounts")
    accounts.add("therapist", "Thea", Role.CLINICIAN, PASSWORD, demo=True)
    for open_ in ((), ("--proxy", "127.0.0.1"), ("--host", "0.0.0.0", "--plain-http")):
        assert (
            "are a demo's"
            in reliefpath("serve", chart, "--name", "localhost", *open_, code=2).stderr
        )


@pytest.mark.parametrize(
    ("names", "scheme", "port", "address"),
    [
        (["clinic.example.org"], "https", None, "https://clinic.example.org"),
        (["Clinic.example.org", "other.example"], "https", None, "https://clinic.example.org"),
        (["clinic.example.org"], "https", 443, "https://clinic.example.org"),
        (["clinic.example.org"], "https", 8443, "https://clinic.example.org:8443"),
        (["clinic.example.org:8443"], "https", None, "https://clinic.example.org:8443"),
        (["localhost"], "http", 8000, "http://localhost:8000"),
        (["[::1]"], "http", 80, "http://[::1]"),
    ],
)
def test_links_begin_with_the_first_name_that_was_given(
    names: list[str], scheme: str, port: int | None, address: str
) -> None:
    found, hosts = _named(names, scheme, port)
    assert found == address
    assert len(hosts) == len(names)
    assert all(":" not in host or host.startswith("[") for host in hosts)


def test_a_short_secret_is_refused(chart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELIEFPATH_SECRET", "short")
    assert "at least 32" in reliefpath("serve", chart, "--name", "localhost", code=2).stderr
