"""Patients who agreed to it are mailed a link once their check-in is due."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import polars as pl
import pytest
from playwright.sync_api import Browser, Page, expect

from reliefpath.care.check_in.links import Links
from reliefpath.care.reminders.addresses import Addresses
from reliefpath.care.reminders.mail import MailError, MailServer
from reliefpath.care.reminders.reminding import Due, Reminded, due_of, remind
from reliefpath.errors import UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.store.chart import Chart
from reliefpath.web.settings import Always, Settings

from .browsing import follow, press, violations
from .check_in import answer, phone
from .conftest import TODAY, Served
from .mail_server import REFUSED, SECRET, USER, Post, certified, knows, post

URL = "https://clinic.example.org"
LINK = re.compile(r"https?://\S+/check-in/\S+")


@pytest.fixture
def mailbox() -> Iterator[Post]:
    with post() as kept:
        yield kept


@pytest.fixture
def settings(settings: Settings, mailbox: Post) -> Settings:
    mail = MailServer.of(mailbox.environment())
    return replace(settings, mail=mail, phone="555 0100", emergency="112")


class Desk:
    """Who reminds patients."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.care = settings, settings.open_care()
        self.addresses = Addresses(Accounts(settings.accounts).engine, self.care.chart)
        self.later = timedelta()

    @property
    def links(self) -> Links:
        chart = Chart(self.care.chart.engine, lambda: datetime.now(UTC) + self.later)
        return Links(chart, self.settings.secret)

    def due(self) -> list[Due]:
        return due_of(self.care.everybody(), self.links, self.addresses)

    def remind(self, mail: MailServer | None = None) -> Reminded:
        mail = mail or self.settings.mail
        assert mail is not None
        numbers = self.settings.phone, self.settings.emergency
        return remind(self.due(), self.links, mail, URL, "assistant", *numbers)

    def stands(self, due: Due) -> Due:
        """How it stands with an episode now."""
        return next(d for d in self.due() if d.episode == due.episode)


@pytest.fixture
def desk(settings: Settings) -> Desk:
    return Desk(settings)


@pytest.fixture
def busy_desk(settings: Settings) -> Desk:
    """Five weeks on, when everybody in care is due."""
    return Desk(replace(settings, today=Always(TODAY + timedelta(weeks=5))))


@pytest.fixture
def agreed(desk: Desk) -> Due:
    """A patient who agreed, and whose check-in is due."""
    due = next(d for d in desk.due() if d.language == "en")
    desk.addresses.agree(due.patient, "jo@home.example", "assistant")
    return desk.stands(due)


def text(mailbox: Post) -> str:
    (mail,) = mailbox.mails
    return str(mail.get_content())


def test_an_assistant_takes_down_an_address_and_the_patient_checks_in_by_the_mail(
    served: Served, page: Page, browser: Browser, desk: Desk, mailbox: Post
) -> None:
    due = next(d for d in desk.due() if d.language == "en")
    served.sign_in(page, "director")
    page.goto(f"{served.url}/patient/{due.episode}/check-in-link")
    page.get_by_label("E-mail of the patient").fill("jo@home.example")
    page.get_by_label("The patient agrees").check()
    press(page, "Keep")
    expect(page.get_by_text("is mailed to jo@home.example")).to_be_visible()
    follow(page, "Check-ins due")
    follow(page, "Everybody’s")
    row = page.get_by_role("row").filter(has_text=due.episode)
    expect(row.get_by_role("cell").last).to_have_text("By mail")
    assert not list(violations(page))
    press(page, "Mail to whoever is due")
    while page.get_by_text("Mailing since").count():
        page.reload()
    expect(page.get_by_text("Mailed to 1 patient.")).to_be_visible()
    follow(page, "Everybody’s")
    expect(row.get_by_role("cell").last).to_contain_text("is open")
    (link,) = LINK.findall(text(mailbox))
    with phone(browser) as handheld:
        handheld.goto(link)
        answer(handheld)
        expect(handheld.get_by_role("heading", name="Thank you")).to_be_visible()
    assert desk.links.of(due.patient).popitem()[1].used


def test_the_mail_tells_nothing_of_the_patient(desk: Desk, agreed: Due, mailbox: Post) -> None:
    assert desk.remind() == Reminded(1, ())
    (mail,) = mailbox.mails
    assert (mail["To"], mail["Subject"]) == ("jo@home.example", "How are you?")
    assert (mail["From"], mail["Auto-Submitted"]) == (
        "Clínica <desk@clinic.example>",
        "auto-generated",
    )
    care_log = desk.care.chart.care_log_of(agreed.patient)
    said = LINK.sub("", text(mailbox))
    for value in (
        *care_log.patients["name"][0].split(),
        agreed.patient,
        agreed.episode,
        *care_log.episodes["complaint"].drop_nulls(),
        *care_log.episodes["region"].drop_nulls(),
    ):
        assert value.lower() not in said.lower()
    assert "112" in said
    assert "555 0100" in said
    assert "inject" not in said


def test_who_speaks_spanish_is_asked_in_it(busy_desk: Desk, mailbox: Post) -> None:
    due = next(d for d in busy_desk.due() if d.language == "es")
    busy_desk.addresses.agree(due.patient, "ana@casa.example", "assistant")
    busy_desk.remind()
    assert mailbox.mails[0]["Subject"] == "¿Cómo está?"
    assert "no lo comparta" in text(mailbox)


def test_who_has_an_open_link_is_not_asked_again_and_who_never_answers_is_called(
    desk: Desk, agreed: Due, mailbox: Post
) -> None:
    for mails in (1, 2, 3):
        assert desk.remind() == Reminded(1, ())
        assert desk.stands(agreed).asked is not None
        assert desk.remind() == Reminded(0, ())
        assert len(mailbox.mails) == mails
        desk.later += timedelta(days=8)
    assert desk.stands(agreed).does_not_answer
    assert desk.remind() == Reminded(0, ())


def test_an_answer_begins_anew(desk: Desk, agreed: Due, served: Served, mailbox: Post) -> None:
    desk.remind()
    desk.later = timedelta(days=8)
    desk.remind()
    assert desk.stands(agreed).unanswered == 2
    token = LINK.findall(str(mailbox.mails[-1].get_content()))[0].rpartition("/")[2]
    sent = httpx.post(f"{served.url}/check-in/{token}", data={"sane": "50"})
    assert sent.status_code == 303
    assert desk.stands(agreed).unanswered == 0


def test_a_patient_with_two_complaints_gets_one_mail(
    desk: Desk, agreed: Due, mailbox: Post
) -> None:
    both = [agreed, replace(agreed, episode="demo-0001")]
    mail = desk.settings.mail
    assert mail is not None
    assert remind(both, desk.links, mail, URL, "assistant").sent == 1
    assert len(LINK.findall(text(mailbox))) == 2


def test_an_address_that_is_refused_is_told_and_others_are_mailed(
    busy_desk: Desk, mailbox: Post
) -> None:
    first, second = [d for d in busy_desk.due() if d.email is None][:2]
    busy_desk.addresses.agree(first.patient, REFUSED, "assistant")
    busy_desk.addresses.agree(second.patient, "jo@home.example", "assistant")
    done = busy_desk.remind()
    assert done.sent == 1
    assert done.failed == (f"{first.patient} was not mailed: it does not take the address (550)",)
    assert [mail["To"] for mail in mailbox.mails] == ["jo@home.example"]
    stands = busy_desk.stands(first)
    assert (stands.asked, stands.unanswered) == (None, 0), "a link that was not sent is withdrawn"


def test_nothing_is_kept_of_who_does_not_agree_and_of_who_does_not_any_more(
    desk: Desk, served: Served, page: Page
) -> None:
    due = desk.due()[0]
    served.sign_in(page, "director")

    def keep(email: str, *, agrees: bool) -> None:
        page.goto(f"{served.url}/patient/{due.episode}/check-in-link")
        page.get_by_label("E-mail of the patient").fill(email)
        page.get_by_label("The patient agrees").set_checked(agrees)
        press(page, "Keep")

    keep("jo@home.example", agrees=True)
    assert desk.addresses.of(due.patient) == "jo@home.example"
    keep("", agrees=False)
    keep("", agrees=False)
    assert desk.addresses.of(due.patient) is None
    log = desk.care.chart.log(due.patient).filter(pl.col("action").str.starts_with("reminders-"))
    assert log["action"].to_list() == ["reminders-agreed", "reminders-ended"]
    assert "home.example" not in str(log.rows())


@pytest.mark.parametrize(
    ("email", "agrees", "says"),
    [
        ("jo@home.example", False, "Tick that the patient agrees"),
        ("jo@home", True, "is not an e-mail address"),
    ],
)
def test_an_address_without_agreement_or_that_is_none_is_refused(
    desk: Desk, served: Served, page: Page, email: str, agrees: bool, says: str
) -> None:
    due = desk.due()[0]
    served.sign_in(page, "director")
    page.goto(f"{served.url}/patient/{due.episode}/check-in-link")
    page.locator("form[action$='/address']").evaluate("form => form.noValidate = true")
    page.get_by_label("E-mail of the patient").fill(email)
    page.get_by_label("The patient agrees").set_checked(agrees)
    press(page, "Keep")
    expect(page.get_by_role("alert")).to_contain_text(says)
    expect(page.get_by_label("E-mail of the patient")).to_have_value(email)
    assert desk.addresses.of(due.patient) is None


@pytest.mark.parametrize(
    "address",
    [
        *("", "jo", "@home.example", "jo@home..example", "jo@home.example\nBcc: x@y.z"),
        *("jo@hö.example", '"jo"@home.example', f"jo@{'a' * 250}.example", "a b@home.example"),
        *("jö@home.example", "jo@-home.example", f"{'a' * 65}@home.example", "jo@[127.0.0.1]"),
        *("jo@printer.local", "Jo <jo@home.example>", "jo@home.example, al@home.example"),
    ],
)
def test_what_is_no_address_is_refused(desk: Desk, address: str) -> None:
    with pytest.raises(UsageError, match="not an e-mail address"):
        desk.addresses.agree("P0001", address, "assistant")


def test_a_mail_server_that_is_not_there_is_told_and_no_link_was_made(
    desk: Desk, agreed: Due
) -> None:
    away = MailServer("smtp", "127.0.0.1", 1, "desk@clinic.example")
    with pytest.raises(MailError, match=r"127\.0\.0\.1:1: .*refused"):
        desk.remind(away)
    assert not desk.links.of(agreed.patient)


def test_a_mail_server_that_goes_away_meanwhile_is_told_and_the_link_is_withdrawn(
    desk: Desk, agreed: Due, mailbox: Post
) -> None:
    mailbox.leaves = True
    with pytest.raises(MailError, match="Connection unexpectedly closed"):
        desk.remind()
    stands = desk.stands(agreed)
    assert (stands.asked, stands.unanswered) == (None, 0)


HOST = "127.0.0.2"  # not the address that is trusted to be this computer


def server(kept: Post, scheme: str, **who: str) -> MailServer:
    environment = kept.environment(scheme)
    environment |= {f"RELIEFPATH_MAIL_{name.upper()}": value for name, value in who.items()}
    mail = MailServer.of(environment)
    assert mail is not None
    return mail


def hand_in(mail: MailServer) -> None:
    with mail.opened() as send:
        send("jo@home.example", "Subject", "Text")


def test_an_administrator_tries_whether_mail_comes(
    served: Served, page: Page, mailbox: Post
) -> None:
    served.sign_in(page, "administrator")
    follow(page, "Reminders")
    page.get_by_label("Your own e-mail").fill(REFUSED)
    press(page, "Mail to me")
    expect(page.get_by_role("alert")).to_contain_text("does not take the address (550)")
    page.get_by_label("Your own e-mail").fill("ada@clinic.example")
    press(page, "Mail to me")
    expect(page.get_by_role("status")).to_contain_text("took a mail to ada@clinic.example")
    assert [mail["To"] for mail in mailbox.mails] == ["ada@clinic.example"]
    assert not list(violations(page))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_goes_encrypted_to_a_server_whose_certificate_holds(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certified(tmp_path, HOST)
    how = {"ssl_context": context} if scheme == "smtps" else {"tls_context": context}
    with post(HOST, **how, require_starttls=scheme == "smtp") as kept:
        with pytest.raises(MailError, match="certificate verify failed"):
            hand_in(server(kept, scheme))
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        hand_in(server(kept, scheme))
        assert len(kept.mails) == 1


def test_mail_is_not_handed_to_a_server_elsewhere_that_does_not_encrypt() -> None:
    with post(HOST) as kept:
        with pytest.raises(MailError, match="STARTTLS"):
            hand_in(server(kept, "smtp"))
        assert not kept.mails


def test_a_server_that_asks_who_we_are_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, trusted = certified(tmp_path, HOST)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with post(HOST, tls_context=context, authenticator=knows, auth_required=True) as kept:
        with pytest.raises(MailError, match="535"):
            hand_in(server(kept, "smtp", user=USER, password="wrong"))
        hand_in(server(kept, "smtp", user=USER, password=SECRET))
        assert len(kept.mails) == 1


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"SERVER": "smtp://mail.example"}, "needs RELIEFPATH_MAIL_FROM"),
        ({"FROM": "desk@clinic.example"}, "needs RELIEFPATH_MAIL_SERVER"),
        ({"SERVER": "mail.example", "FROM": "desk@clinic.example"}, "is smtps://HOST"),
        ({"SERVER": "http://mail.example", "FROM": "desk@clinic.example"}, "is smtps://HOST"),
        ({"SERVER": "smtp://mail.example:no", "FROM": "desk@clinic.example"}, "is smtps://HOST"),
        ({"SERVER": "smtp://a:b@mail.example", "FROM": "desk@clinic.example"}, "is smtps://HOST"),
        ({"SERVER": "smtp://mail.example", "FROM": "the desk"}, "FROM is an address"),
        ({"SERVER": "smtp://m.example", "FROM": "d@c.example", "USER": "d"}, "go together"),
    ],
)
def test_a_mail_server_named_by_half_is_refused(said: dict[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        MailServer.of({f"RELIEFPATH_MAIL_{name}": value for name, value in said.items()})


def test_no_mail_server_is_none() -> None:
    assert MailServer.of({"RELIEFPATH_SECRET": "0" * 32}) is None


def test_the_password_of_the_mail_server_is_not_shown(mailbox: Post) -> None:
    assert "secret" not in repr(server(mailbox, "smtp", user="desk", password="secret"))


def command(settings: Settings, **environment: str) -> subprocess.CompletedProcess[str]:
    words = ["remind", settings.chart, "--accounts", settings.accounts, "--url", URL]
    return subprocess.run(
        [sys.executable, "-m", "reliefpath", *words, "--as-of", str(TODAY)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_timer_reminds_by_the_command(
    settings: Settings, served: Served, agreed: Due, mailbox: Post
) -> None:
    secret = {"RELIEFPATH_SECRET": settings.secret.decode()}
    assert "no mail server is given" in command(settings, **secret).stderr
    assert "set RELIEFPATH_SECRET" in command(settings, **mailbox.environment()).stderr
    done = command(settings, **secret, **mailbox.environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "Mailed to 1 patient.\n", "")
    (link,) = LINK.findall(text(mailbox))
    assert httpx.get(link.replace(URL, served.url)).status_code == 200
    assert command(settings, **secret, **mailbox.environment()).stdout == "Mailed to 0 patients.\n"
