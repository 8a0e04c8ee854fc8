"""Who is let in, who waits, and for how long somebody stays signed in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.identity.accounts import Accounts
from reliefpath.identity.passwords import temporary
from reliefpath.identity.roles import Role
from reliefpath.identity.throttle import WaitError, count_attempt

from .conftest import PASSWORD


@dataclass
class Clock:
    """A clock that stands still until it is turned."""

    now: datetime = datetime(2026, 3, 31, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    made = Accounts(str(tmp_path / "accounts"), clock)
    made.add("thea", "Thea Therapist", Role.CLINICIAN, PASSWORD)
    made.add("ada", "Ada Administrator", Role.ADMINISTRATOR, PASSWORD)
    return made


def token_of(accounts: Accounts, username: str = "thea") -> str:
    token = accounts.sign_in(username, PASSWORD)
    assert token is not None
    return token


def fail(accounts: Accounts, times: int, address: str = "a", username: str = "thea") -> None:
    for _ in range(times):
        assert accounts.sign_in(username, "not the password", address=address) is None


def test_only_the_right_password_of_an_active_account_signs_in(accounts: Accounts) -> None:
    assert accounts.sign_in("thea", "not the password") is None
    assert accounts.sign_in("nobody", PASSWORD) is None
    session = accounts.session(token_of(accounts))
    assert session is not None
    assert session.account.username == "thea"
    accounts.change("thea", Role.CLINICIAN, active=False)
    assert accounts.sign_in("thea", PASSWORD) is None


def test_what_is_kept_signs_nobody_in(accounts: Accounts) -> None:
    token = token_of(accounts)
    with accounts.engine.connect() as connection:
        tables = ("accounts", "sessions", "tries", "events")
        kept = str([connection.exec_driver_sql(f"select * from {t}").all() for t in tables])
    assert token not in kept
    assert PASSWORD not in kept
    assert "$argon2id$" in kept
    assert Path(str(accounts.engine.url.database)).stat().st_mode & 0o077 == 0


def test_a_password_takes_as_long_to_guess_as_rfc_9106_recommends(
    slow_passwords: PasswordHasher,
) -> None:
    """Its second choice, which is for where memory is short."""
    assert slow_passwords.hash(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_session_locks_after_20_minutes_without_a_click(accounts: Accounts, clock: Clock) -> None:
    token = token_of(accounts)
    for _ in range(3):
        clock.turn(minutes=19)
        assert accounts.session(token) is not None
    assert accounts.locked(token) is None
    clock.turn(minutes=21)
    assert accounts.session(token) is None
    assert accounts.session(token) is None, "asking again does not unlock"
    locked = accounts.locked(token)
    assert locked is not None
    assert locked.username == "thea"


def test_a_session_ends_after_12_hours_however_busy(accounts: Accounts, clock: Clock) -> None:
    token = token_of(accounts)
    for _ in range(72):
        clock.turn(minutes=10)
        assert accounts.session(token) is not None
    clock.turn(minutes=1)
    assert accounts.session(token) is None
    assert accounts.locked(token) is None


def test_a_session_is_written_at_most_once_a_minute(accounts: Accounts, clock: Clock) -> None:
    token, written = token_of(accounts), []
    sa.event.listen(
        accounts.engine,
        "before_cursor_execute",
        lambda c, cursor, statement, *_: written.append(statement) if "UPDATE" in statement else 0,
    )
    for _ in range(12):
        clock.turn(seconds=10)
        accounts.session(token)
    assert len(written) == 1


def confirm_authenticator(accounts: Accounts) -> None:
    secret = accounts.new_totp("thea")
    accounts.confirm_totp("thea", pyotp.TOTP(secret).at(accounts.clock()))


@pytest.mark.parametrize(
    "change",
    [
        lambda accounts: accounts.set_password("thea", "another long password"),
        lambda accounts: accounts.change("thea", Role.ASSISTANT, active=True),
        lambda accounts: accounts.sign_out_everywhere("thea"),
        lambda accounts: confirm_authenticator(accounts),
        lambda accounts: accounts.remove_totp("thea", by="ada"),
        lambda accounts: accounts.set_known_as("thea", "thea@clinic.example"),
    ],
    ids=["password", "role", "everywhere", "authenticator", "no authenticator", "provider"],
)
def test_what_changes_an_account_ends_its_sessions(accounts: Accounts, change) -> None:  # type: ignore[no-untyped-def]
    tokens = [token_of(accounts), token_of(accounts)]
    other = token_of(accounts, "ada")
    change(accounts)
    assert [accounts.session(token) for token in tokens] == [None, None]
    assert accounts.session(other) is not None


def test_who_is_wrong_too_often_waits_longer_each_time(accounts: Accounts, clock: Clock) -> None:
    fail(accounts, 5)
    waits = []
    for _ in range(12):
        with pytest.raises(WaitError) as refused:
            accounts.sign_in("thea", PASSWORD, address="a")
        waits.append(refused.value.seconds)
        clock.turn(seconds=refused.value.seconds)
        count_attempt(accounts.engine, "thea", "a", clock.now)
    assert waits[:5] == [2, 3, 5, 9, 17]
    assert waits[-1] == 901, "never more than a quarter of an hour"


def test_the_owner_signs_in_from_elsewhere_meanwhile(accounts: Accounts) -> None:
    fail(accounts, 5)
    assert accounts.sign_in("thea", PASSWORD, address="b") is not None


def test_many_addresses_guessing_at_one_account_wait_too(accounts: Accounts) -> None:
    for i in range(20):
        count_attempt(accounts.engine, "thea", str(i), accounts.clock())
    with pytest.raises(WaitError):
        accounts.sign_in("thea", "not the password", address="another")


def test_one_address_guessing_at_many_accounts_waits(accounts: Accounts, clock: Clock) -> None:
    for i in range(50):
        count_attempt(accounts.engine, f"guess{i}", "a", clock.now)
    with pytest.raises(WaitError):
        accounts.sign_in("ada", PASSWORD, address="a")


def test_one_household_of_ipv6_guessing_by_many_addresses_waits(
    accounts: Accounts, clock: Clock
) -> None:
    for i in range(50):
        count_attempt(accounts.engine, f"guess{i}", f"2001:db8::{i + 1:x}", clock.now)
    with pytest.raises(WaitError):
        accounts.sign_in("ada", PASSWORD, address="2001:db8::ffff")
    assert accounts.sign_in("ada", PASSWORD, address="2001:db8:0:1::ffff") is not None


def test_no_stranger_makes_a_browser_wait_on_which_the_account_has_signed_in(
    accounts: Accounts,
) -> None:
    for i in range(60):  # from everywhere, and from where the owner is
        for address in (str(i), "a"):
            with suppress(WaitError):
                count_attempt(accounts.engine, "thea", address, accounts.clock())
    with pytest.raises(WaitError):
        accounts.sign_in("thea", PASSWORD, address="a")
    assert accounts.sign_in("thea", PASSWORD, address="a", device="desk") is not None


def test_who_guesses_on_a_browser_on_which_the_account_has_signed_in_waits_there_alone(
    accounts: Accounts,
) -> None:
    for _ in range(5):
        assert accounts.sign_in("thea", "not the password", address="a", device="desk") is None
    with pytest.raises(WaitError):
        accounts.sign_in("thea", PASSWORD, address="b", device="desk")
    assert accounts.sign_in("thea", PASSWORD, address="a") is not None
    assert accounts.sign_in("ada", PASSWORD, address="a", device="desk") is not None


def test_waits_outlast_a_restart_and_are_forgotten_after_a_day(
    accounts: Accounts, clock: Clock, tmp_path: Path
) -> None:
    fail(accounts, 5)
    again = Accounts(str(tmp_path / "accounts"), clock)
    with pytest.raises(WaitError):
        again.sign_in("thea", PASSWORD, address="a")
    clock.turn(days=1, seconds=1)
    fail(again, 4)
    assert again.sign_in("thea", PASSWORD, address="a") is not None


def test_an_authenticator_counts_once_a_code_confirmed_it(accounts: Accounts, clock: Clock) -> None:
    secret = accounts.new_totp("thea")
    assert accounts.sign_in("thea", PASSWORD) is not None
    with pytest.raises(UsageError, match="code is not right"):
        accounts.confirm_totp("thea", "000000")
    accounts.confirm_totp("thea", pyotp.TOTP(secret).at(clock.now))
    assert accounts.waiting_totp("thea") is None
    clock.turn(seconds=30)
    assert accounts.sign_in("thea", PASSWORD) is None
    assert accounts.sign_in("thea", PASSWORD, pyotp.TOTP(secret).at(clock.now)) is not None
    accounts.remove_totp("thea", by="ada")
    assert accounts.sign_in("thea", PASSWORD) is not None


def test_a_code_is_good_once_also_the_one_that_confirmed(accounts: Accounts, clock: Clock) -> None:
    secret = accounts.new_totp("thea")
    code = pyotp.TOTP(secret).at(clock.now)
    accounts.confirm_totp("thea", code)
    assert accounts.sign_in("thea", PASSWORD, code) is None
    clock.turn(seconds=30)
    later = pyotp.TOTP(secret).at(clock.now)
    assert accounts.sign_in("thea", PASSWORD, f" {later[:3]} {later[3:]}") is not None
    assert accounts.sign_in("thea", PASSWORD, later) is None
    assert accounts.sign_in("thea", PASSWORD, "١٢٣٤٥٦") is None


def test_a_temporary_password_is_good_for_three_days_and_told_as_such(
    accounts: Accounts, clock: Clock
) -> None:
    accounts.set_password("thea", "told by telephone", temporary=True, by="ada")
    token = accounts.sign_in("thea", "told by telephone")
    assert token is not None
    session = accounts.session(token)
    assert session is not None
    assert session.account.temporary
    clock.turn(days=3, seconds=1)
    assert accounts.sign_in("thea", "told by telephone") is None


@pytest.mark.parametrize(
    ("username", "password", "says"),
    [
        ("new", "short", "at least 12"),
        ("new", "aaaaaaaaaaaaaaaa", "easy to guess"),
        ("new-person-here", "New-Person-Here", "easy to guess"),
        ("new", "password1234", "easy to guess"),
        ("new", "Password2024!", "easy to guess"),
        ("new", "P@ssw0rd1234", "easy to guess"),
        ("new", "qwertyuiop12", "easy to guess"),
        ("new", "123456789012", "easy to guess"),
        ("new", "iloveyou1234", "easy to guess"),
        ("new", "letmeinletmein", "easy to guess"),
        ("new", "reliefpath12", "easy to guess"),
        ("lena.brandt", "lena.brandt2026", "easy to guess"),
        ("New Person", PASSWORD, "a-z"),
        ("../x", PASSWORD, "a-z"),
        ("thea", PASSWORD, "already"),
    ],
)
def test_an_account_needs_a_usable_name_and_password(
    accounts: Accounts, username: str, password: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        accounts.add(username, "Somebody", Role.ASSISTANT, password)
    assert len(accounts.all()) == 2


def test_a_few_words_are_a_password_and_so_is_what_administrators_tell(
    accounts: Accounts,
) -> None:
    good = ["violin gravel mittens", "kupfer regen tisch", "x" * 1 + "9fQ!vT2#hh0aLs", temporary()]
    for password in [*good, "seven herons " * 70]:
        accounts.set_password("thea", password)
        assert accounts.sign_in("thea", password) is not None


def test_somebody_can_always_keep_accounts(accounts: Accounts) -> None:
    for role, active in ((Role.AUDITOR, True), (Role.ADMINISTRATOR, False)):
        with pytest.raises(UsageError, match="last administrator"):
            accounts.change("ada", role, active=active)
    assert accounts.find("ada").active
    accounts.add("bo", "Bo", Role.ADMINISTRATOR, PASSWORD)
    accounts.change("ada", Role.AUDITOR, active=True)
    assert accounts.find("ada").role is Role.AUDITOR


def test_the_log_tells_what_happened_and_keeps_no_name_that_nobody_has(
    accounts: Accounts,
) -> None:
    fail(accounts, 1, address="192.0.2.7")
    fail(accounts, 1, username="my-password-by-mistake")
    accounts.change("thea", Role.DIRECTOR, active=True, by="ada")
    events = accounts.log.newest()
    assert [(e.username, e.what, e.by) for e in events[:3]] == [
        ("thea", "role clinician to director", "ada"),
        (None, "no such account", None),
        ("thea", "wrong password", None),
    ]
    assert events[2].address == "192.0.2.7"
    assert accounts.log.newest(before=events[1].entry, limit=1) == [events[2]]


@pytest.mark.parametrize("statement", ["update events set what = 'x'", "delete from events"])
def test_the_log_refuses_to_be_changed(accounts: Accounts, statement: str) -> None:
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), accounts.engine.begin() as c:
        c.exec_driver_sql(statement)


def altered(accounts: Accounts, statement: str) -> str:
    """What a check says once somebody has gone around the triggers."""
    with accounts.engine.begin() as connection:
        for verb in ("update", "delete"):
            connection.exec_driver_sql(f"drop trigger events_no_{verb}")
        connection.exec_driver_sql(statement)
    return "; ".join(accounts.log.verify().wrong)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("update events set username = 'ada' where entry = 2", "entry 2 was altered (new password"),
        ("delete from events where entry = 2", "entries 2 to 2 are missing"),
        ("update events set hash = 'x' where entry = 1", "entry 2 does not follow from entry 1"),
        ("update events set at = '2027' where entry = 1", "entry 2 is older than the one before"),
    ],
)
def test_an_alteration_of_the_log_is_found(tmp_path: Path, statement: str, says: str) -> None:
    accounts = Accounts(str(tmp_path / "accounts"))
    accounts.add("thea", "Thea", Role.CLINICIAN, None)
    accounts.set_password("thea", PASSWORD)
    accounts.sign_out_everywhere("thea")
    assert not accounts.log.verify(str(accounts.log.head())).wrong
    assert says in altered(accounts, statement)


def test_a_cut_at_the_end_of_the_log_is_found_by_an_end_noted_down(accounts: Accounts) -> None:
    noted = str(accounts.log.head())
    assert not altered(accounts, "delete from events where entry = 2")
    assert "it was cut" in accounts.log.verify(noted).wrong[0]


def test_a_clock_set_back_does_not_reorder_the_log(accounts: Accounts, clock: Clock) -> None:
    clock.turn(days=-1)
    accounts.sign_out_everywhere("thea")
    assert not accounts.log.verify().wrong


def test_a_file_that_holds_no_accounts_is_refused(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text("something else altogether, and long enough for a header")
    with pytest.raises(ReliefPathError, match="not an SQLite file"):
        Accounts(str(tmp_path / "accounts"))
