"""Call a function under another clinic's file than this process goes by, in a process of its own.

Not by `multiprocessing`: its processes run the caller's main module first, which may read
catalogues before the file is taken up.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from subprocess import PIPE, Popen
from types import TracebackType
from typing import IO, Any, ParamSpec, Self, TypeVar, cast

from reliefpath.errors import ReliefPathError, UsageError
from reliefpath.knowledge.process import in_force, use_text

P = ParamSpec("P")
T = TypeVar("T")


class Elsewhere:
    """One process for each clinic's file that is asked for, until the block ends."""

    def __init__(self) -> None:
        self._processes: dict[str | None, Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            with suppress(BrokenPipeError):  # it has ended already
                process.__exit__(kind, error, traceback)  # closes its input, which ends it

    def call(
        self, clinic: str | None, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what a function of a module returns under the text of a clinic's file, or none.

        Raises:
            UsageError: it was refused there, or came to no end.
        """
        ours = in_force()
        if clinic == (None if ours is None else ours.text):
            return function(*args, **kwargs)
        questions, answers = self._process(clinic)
        try:
            # the question is read only once the file is taken up: reading it imports modules
            pickle.dump(pickle.dumps((function, args, kwargs)), questions)
            questions.flush()
            done, answer = pickle.load(answers)
        except (EOFError, BrokenPipeError):
            raise UsageError("the process under that clinic's file ended unexpectedly") from None
        if not done:
            raise UsageError(answer)
        result: T = answer
        return result

    def _process(self, clinic: str | None) -> tuple[IO[bytes], IO[bytes]]:
        if clinic not in self._processes:
            command = [sys.executable, "-P", "-m", "reliefpath.knowledge.elsewhere"]
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            self._processes[clinic] = Popen(command, stdin=PIPE, stdout=PIPE, env=environment)
            pickle.dump(clinic, _pipes(self._processes[clinic])[0])
        return _pipes(self._processes[clinic])


def _pipes(process: Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    return cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)


def _serve() -> None:
    """Answer questions from standard input until it ends."""
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    clinic = pickle.load(questions)
    while True:
        try:
            question = pickle.load(questions)
        except EOFError:
            return
        pickle.dump(_answer(clinic, question), answers)
        answers.flush()


def _answer(clinic: str | None, question: bytes) -> tuple[bool, Any]:
    try:
        if clinic is not None:
            use_text(clinic)
        function, args, kwargs = pickle.loads(question)
        return True, function(*args, **kwargs)
    except ReliefPathError as e:
        return False, str(e)


if __name__ == "__main__":
    _serve()
