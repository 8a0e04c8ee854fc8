"""The commands. Each imports what it needs when it runs, so that `--help` answers at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from reliefpath import __version__
from reliefpath.cli.commands import (
    accounts,
    catalog,
    chart,
    clinic,
    exercise,
    inject,
    lots,
    needle,
    pathway,
    recovery,
    remind,
    serve,
)
from reliefpath.cli.options import SHOWN_PROBLEMS, go_by
from reliefpath.errors import ContentError, ReliefPathError, UsageError

app = typer.Typer(
    name="reliefpath",
    help="Runs a conservative-first pain clinic's strategy. It informs clinicians, who decide.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(clinic.app)
app.add_typer(catalog.app)
app.add_typer(serve.app)
app.add_typer(remind.app)
app.add_typer(accounts.app, name="account")
app.add_typer(chart.app, name="chart")
app.add_typer(exercise.app, name="exercise")
app.add_typer(inject.app, name="inject")
app.add_typer(lots.app)
app.add_typer(needle.app, name="needle")
app.add_typer(pathway.app, name="pathway")
app.add_typer(recovery.app, name="recovery")


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; a refusal is a message on stderr and an exit code, no traceback."""
    os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")  # whole tables, little latency
    try:
        app(arguments)
    except ContentError as e:
        for problem in e.problems[:SHOWN_PROBLEMS]:
            typer.echo(problem, err=True)
        if (more := len(e.problems) - SHOWN_PROBLEMS) > 0:
            typer.echo(f"... and {more} more; `reliefpath check` lists them all", err=True)
        sys.exit(e.exit_code)
    except ReliefPathError as e:
        typer.echo(f"reliefpath: {e}", err=True)
        sys.exit(e.exit_code)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except UnicodeEncodeError as e:
        if e.encoding != "utf-8":  # a terminal that lacks a character
            raise
        typer.echo("reliefpath: what was given on the command line is not UTF-8 text", err=True)
        sys.exit(UsageError.exit_code)
    except OSError as e:
        typer.echo(f"reliefpath: {e.strerror}: `{e.filename}`", err=True)
        sys.exit(UsageError.exit_code)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
    clinic: Annotated[
        Path | None,
        typer.Option(
            "--clinic",
            envvar="RELIEFPATH_CLINIC",
            metavar="FILE",
            help="The clinic's own file: rows of the catalogues that it changes or adds.",
        ),
    ] = None,
) -> None:
    if version:
        typer.echo(f"reliefpath {__version__}")
        raise typer.Exit
    go_by(clinic)
