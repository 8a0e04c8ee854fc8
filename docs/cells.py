"""Notebooks of the documentation: pages in Markdown whose code cells are run when it is built.

A cell is a block of `{code-cell} python`. Below it stands what it printed, and what its last line
is, as a notebook would show it. Nothing that a cell shows is kept beside the text.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
from typing import Any

CELL = re.compile(r"^```\{code-cell\} python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def with_outputs(text: str) -> str:
    """Return a page with its cells run in order in one namespace, each followed by its output.

    Raises:
        Exception: whatever a cell raises.
    """
    names: dict[str, Any] = {"__name__": "__main__"}

    def shown(cell: re.Match[str]) -> str:
        code = cell[1]
        return f"```python\n{code}```\n{run_cell(code, names)}"

    return CELL.sub(shown, text)


def run_cell(code: str, names: dict[str, Any]) -> str:
    """Run a cell and return what it shows, as Markdown."""
    tree, printed = ast.parse(code), io.StringIO()
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    shown = _fenced("text", printed.getvalue()) if printed.getvalue() else ""
    return shown + ("" if value is None else _display(value))


def _display(value: Any) -> str:
    if hasattr(value, "_repr_html_"):
        return _fenced("{raw} html", value._repr_html_())
    return _fenced("text", repr(value))


def _fenced(kind: str, text: str) -> str:
    return f"\n````{kind}\n{text.rstrip()}\n````\n"
