"""Files of patients are their owner's alone, whatever the umask, from the first byte."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reliefpath.errors import UsageError

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # Windows, where what is open can't be removed anyway
    flock = None  # type: ignore[assignment]

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o077
"""What their group and everybody else may do."""
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file, with the file's own mode."""


def opener(path: str, flags: int) -> int:
    """Open a file that nobody else may read; for the built-in `open`."""
    descriptor = os.open(path, flags, FILE)
    if hasattr(os, "fchmod"):
        with suppress(OSError):  # of a disk that knows no modes; `open_to_others` tells
            os.fchmod(descriptor, FILE)  # one that was there, or a umask that takes too much
    return descriptor


def create_file(file: Path) -> None:
    """Create an empty file.

    Raises:
        FileExistsError: there is one.
    """
    with open(file, "xb", opener=opener):
        pass


def write_file(file: Path, content: bytes) -> None:
    """Write a file, or write one anew."""
    with open(file, "wb", opener=opener) as stream:
        stream.write(content)


def make_folder(folder: Path) -> None:
    """Make a folder where there is none, and the folders that it is in."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(FOLDER)
        with suppress(OSError):
            folder.chmod(FOLDER)


def with_beside(files: Iterable[Path]) -> Iterator[Path]:
    """Yield files of SQLite, each with what SQLite keeps beside it, whether it is there or not."""
    for file in files:
        yield file
        yield from (file.with_name(f"{file.name}{end}") for end in BESIDE)


def open_to_others(files: Iterable[Path]) -> list[str]:
    """Return, for each file that others on this computer may read or write, what to do about it."""
    found = []
    for file in files if os.name == "posix" else ():
        if file.is_file() and (mode := stat.S_IMODE(file.stat().st_mode)) & OTHERS:
            found.append(
                f"`{file}` is open to others on this computer (mode {mode:03o}): chmod 600 {file}"
            )
    return found


@contextmanager
def part_of(file: Path) -> Iterator[Path]:
    """Yield an empty private file, `FILE.part`, that is called `file` in the end, or is gone.

    Raises:
        UsageError: there is such a file already, another program is writing it, or it cannot be
            written.
    """
    part = file.with_name(f"{file.name}.part")
    remove_stale([part])
    _refuse_existing(file)
    try:
        held = open(part, "xb", opener=opener)  # noqa: SIM115 - to tell one that is there
    except FileExistsError:
        raise UsageError(f"another program is writing `{file}`: wait for it") from None
    except OSError as e:
        raise UsageError(f"`{file}` cannot be written: {e.strerror}") from None
    with held:
        try:
            with suppress(OSError):  # of a disk that knows no locks
                _lock(held.fileno())
            yield part
            _refuse_existing(file)
            part.rename(file)
        except BaseException:
            remove(part)
            raise


def remove_stale(parts: Iterable[Path]) -> None:
    """Remove parts that programs left when they were killed; those being written stay."""
    for part in parts:
        try:
            with open(part, "rb") as held:
                _lock(held.fileno())
                remove(part)
        except OSError:  # there is none, it is being written, or who writes it can't be told
            continue


def _lock(descriptor: int) -> None:
    """Hold a file until its descriptor is closed, which the system does for who is killed.

    Raises:
        BlockingIOError: another program holds it.
    """
    if flock is not None:
        flock(descriptor, LOCK_EX | LOCK_NB)


def remove(file: Path) -> None:
    """Remove a file, if it is there, after what SQLite keeps beside it."""
    for each in reversed(list(with_beside([file]))):
        each.unlink(missing_ok=True)


def _refuse_existing(file: Path) -> None:
    if file.exists():
        raise UsageError(f"`{file}` already exists")
