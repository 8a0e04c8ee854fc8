"""What the pages show is what happens: files are written, commands are run, Python is executed.

On a page, a block with a caption is a file, a `console` block is commands with their output (`...`
stands for anything), and a `python` block is run, as a script or as a session; blocks of a page
build on each other.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from reliefpath.cli import main

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted([DOCS.parent / "README.md", *DOCS.glob("*.md"), *DOCS.glob("decisions/*.md")])
BLOCK = re.compile(r"^```(\S[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r":caption: (\S+)\n\n(.*)", re.DOTALL)
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(*match) for match in BLOCK.findall(page.read_text("utf-8"))]


def own_process(arguments: list[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "reliefpath", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    return done.stdout


def run(command: str) -> str:
    """What a command prints, to either stream; those of ours run in this process.

    But for a clinic's own file, which a process takes up before it reads anything.
    """
    name, *arguments = shlex.split(command)
    if "--clinic" in arguments:
        return own_process(arguments)
    if name != "reliefpath":
        done = subprocess.run([name, *arguments], capture_output=True, text=True, check=True)
        return done.stdout
    printed = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        contextlib.suppress(SystemExit),
    ):
        main(arguments)
    return printed.buffer.getvalue().decode()


def check_console(text: str) -> None:
    for part in text.removeprefix("$ ").split("\n$ "):
        command, _, expected = part.partition("\n")
        printed = run(command)
        if not doctest.OutputChecker().check_output(expected, printed, LIKE):
            pytest.fail(f"$ {command}\nexpected:\n{expected}\nprinted:\n{printed}")


def run_python(text: str, names: dict[str, object]) -> None:
    if not text.startswith(">>> "):
        exec(compile(text, "<example>", "exec"), names)
        return
    session = doctest.DocTestParser().get_doctest(text, names, "<example>", None, 0)
    told: list[str] = []
    doctest.DocTestRunner(verbose=False).run(session, out=told.append, clear_globs=False)
    names.update(session.globs)
    if told:
        pytest.fail("".join(told))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_shows_what_happens(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    names: dict[str, object] = {}
    for language, text in blocks(page):
        if file := CAPTION.match(text):
            path = tmp_path / file[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(file[2], "utf-8")
        elif language == "console":
            check_console(text)
        elif language == "python":
            run_python(text, names)


def test_examples_are_found_on_the_pages() -> None:
    shown = {block.language for page in PAGES for block in blocks(page)}
    assert {"console", "python"} <= shown


def test_wrong_python_on_a_page_is_noticed() -> None:
    with pytest.raises(pytest.fail.Exception, match="Expected"):
        run_python(">>> 1 + 1\n3\n", {})


def test_wrong_output_on_a_page_is_noticed() -> None:
    with pytest.raises(pytest.fail.Exception, match="unknown command"):
        check_console("$ reliefpath --version\nunknown command\n")
