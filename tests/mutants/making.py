"""Make mutants: a file with one small change, as a slip of the hand would make it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import yaml

EXPLAINED = Path(__file__).with_name("explained.yaml")
SOURCE = Path(__file__).parents[2] / "src" / "reliefpath"
CODE = (
    *("reference/therapies/injection/*.py", "reference/therapies/needling.py"),
    *("care/planning/injection.py", "care/planning/person.py", "care/planning/claim.py"),
    *("pathway/assessment.py", "pathway/facts/*.py"),
)
DATA = (
    "reference/therapies/injection/limits.yaml",
    "reference/therapies/agents.yaml",
    "pathway/relief-plus.yaml",
)
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any", "least": "most", "most": "least"}
VERDICTS = {"BLOCKED": "DECISION", "DECISION": "FINE", "UNKNOWN": "FINE"}
WORDS = {"blocked": "decision", "decision": "blocked", "least": "most", "most": "least"}
SIGNS = {">=": ">", "<=": "<", " > ": " >= ", " < ": " <= ", " and ": " or ", "not ": ""}
NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-]|-\d)")
TOLD = ("because", "name", "cite", "url", "note", "about", "say", "next", "if_no", "if_unknown")
"""Keys whose text a reader sees and nothing is computed from."""


@dataclass(frozen=True)
class Mutant:
    """A file of the source with one change."""

    file: str
    line: int
    change: str
    place: int
    """The node of the code, or the line of the data, from 0."""
    changed: str = ""
    """What stands on that line of the data instead."""

    @property
    def text(self) -> str:
        """The whole file with its change."""
        text = (SOURCE / self.file).read_text("utf-8")
        if self.changed:
            lines = text.splitlines(keepends=True)
            return "".join([*lines[: self.place], self.changed, *lines[self.place + 1 :]])
        tree = ast.parse(text)
        node = list(ast.walk(tree))[self.place]
        assert list(_change(node))
        return ast.unparse(ast.fix_missing_locations(tree))

    @property
    def code(self) -> str:
        """The line of the source, as it is without the change."""
        return (SOURCE / self.file).read_text("utf-8").splitlines()[self.line - 1].strip()


def mutants() -> list[Mutant]:
    """Return every mutant of the code and data that decide, but for those that change nothing."""
    explained = yaml.safe_load(EXPLAINED.read_text("utf-8"))
    idle = {(known["file"], known["code"], known["change"]) for known in explained}
    return [m for m in (*_of_code(), *_of_data()) if (m.file, m.code, m.change) not in idle]


def _of_code() -> Iterator[Mutant]:
    for file in sorted({path for pattern in CODE for path in SOURCE.glob(pattern)}):
        name = str(file.relative_to(SOURCE))
        tree = ast.parse(file.read_text("utf-8"))
        idle = {id(part) for node in _idle(tree) for part in ast.walk(node)}
        for place, node in enumerate(ast.walk(tree)):
            for line, change in _change(deepcopy(node)) if id(node) not in idle else ():
                yield Mutant(name, line, change, place)


def _idle(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what is said of types, in decorators, and of lengths that are equal anyway."""
    for node in ast.walk(tree):
        yield from getattr(node, "decorator_list", ())
        if isinstance(node, ast.keyword) and node.arg == "strict":
            yield node
        for said in ("annotation", "returns"):
            if (named := getattr(node, said, None)) is not None:
                yield named


def _change(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Change a node in place, in the one way that fits it."""
    line = getattr(node, "lineno", 0)
    match node:
        case ast.Compare(ops=[op, *rest]) if type(op) in SWAPS:
            node.ops = [SWAPS[type(op)](), *rest]  # type: ignore[list-item]
            yield line, f"{type(op).__name__} to {type(node.ops[0]).__name__}"
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in SWAPS and not _is_text(node):
            node.op = SWAPS[type(op)]()  # type: ignore[assignment]
            yield line, f"{type(op).__name__} to {type(node.op).__name__}"
        case ast.Constant(value=bool() as value):
            node.value = not value
            yield line, f"{value} to {not value}"
        case ast.Constant(value=int() | float() as value):
            node.value = value * 0.9 or 0.1 if isinstance(value, float) else value + 1
            yield line, f"{value} to {node.value}"
        case ast.Call(func=ast.Name(id=name) as called) if name in NAMES:
            called.id = NAMES[name]
            yield line, f"{name} to {called.id}"
        case ast.Attribute(attr=name) if name in NAMES | VERDICTS:
            node.attr = (NAMES | VERDICTS)[name]
            yield line, f"{name} to {node.attr}"
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), operand)
            yield line, "a negation dropped"


def _is_text(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) for n in ast.walk(node))


def _of_data() -> Iterator[Mutant]:
    for name in DATA:
        lines = (SOURCE / name).read_text("utf-8").splitlines(keepends=True)
        for index in _decisive(lines):
            for changed, change in _changed_line(lines[index]):
                yield Mutant(name, index + 1, change, index, changed)


def _decisive(lines: list[str]) -> Iterator[int]:
    """The lines that something is computed from: not sources, comments, nor what is only told."""
    top, told, indent = "", False, 0
    for index, line in enumerate(lines):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        depth = len(line) - len(line.lstrip())
        key = bare.partition(":")[0]
        if depth == 0:
            top = key
        if not told or depth <= indent:
            told, indent = key in TOLD, depth
        if top not in ("sources", "version", "title", "about") and not told:
            yield index


def _changed_line(line: str) -> Iterator[tuple[str, str]]:
    if line.strip().startswith("source"):
        return
    for found in NUMBER.finditer(line):
        value = found.group()
        other = f"{float(value) * 0.9:.4g}" if "." in value else str(int(value) + 1)
        yield line[: found.start()] + other + line[found.end() :], f"{value} to {other}"
    for sign, other in SIGNS.items():
        if (place := line.find(sign, line.find(":"))) >= 0:
            changed = line[:place] + other + line[place + len(sign) :]
            yield changed, f"`{sign.strip()}` to `{other.strip()}`"
    key, _, value = line.strip().partition(": ")
    for word, other in WORDS.items():
        if key == word or value == word:
            yield line.replace(word, other, 1), f"{word} to {other}"
