"""Boolean SQL over facts, checked so that it can reach nothing else.

Null is unknown, by SQL's own three-valued logic: `true or null` is true, `true and null` is null.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from reliefpath.errors import nearest

ALLOWED: tuple[type[exp.Expr], ...] = (
    *(exp.And, exp.Or, exp.Not, exp.Paren),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Is),
    *(exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Abs, exp.Coalesce),
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null),
)
"""All that an expression may consist of: no function, subquery, aggregate, cast or statement."""


class SqlError(ValueError):
    """Why an expression is refused."""


@dataclass(frozen=True)
class Question:
    """A boolean SQL expression, ready to be asked of every row of the facts table."""

    sql: str
    facts: tuple[str, ...]
    """The facts it mentions, in the order of mention."""
    expr: pl.Expr

    @classmethod
    def of(
        cls,
        sql: str,
        facts: Mapping[str, pl.DataType],
        texts: Mapping[str, Collection[str]] | None = None,
        parameters: Collection[str] = (),
    ) -> Question:
        """Compile `sql`.

        Args:
            sql: the expression.
            facts: what it may ask of, with the type of each.
            texts: all that some of these can be, so that nothing else is compared with them.
            parameters: names that may have been meant by one that nobody knows.

        Raises:
            SqlError: it is not one boolean expression over these facts.
        """
        tree = _parse(sql)
        _refuse_foreign(tree)
        names = tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column, bfs=False)))
        for name in names:
            if name not in facts:
                raise SqlError(f"unknown fact `{name}`{nearest(name, [*facts, *parameters])}")
        for name, known in (texts or {}).items():
            _refuse_unknown_texts(tree, name, known)
        if not names:
            raise SqlError("mentions no fact")
        try:
            expr = pl.sql_expr(tree.sql())
            mentioned = pl.DataFrame(schema={name: facts[name] for name in names})
            answer = mentioned.select(answer=expr).schema["answer"]
        except pl.exceptions.PolarsError as e:
            reason = str(e).splitlines()[0]
            raise SqlError(f"cannot be asked of the facts: {reason}") from None
        if answer != pl.Boolean:
            raise SqlError("must be a yes / no question, such as `dry_needling_sessions >= 4`")
        return cls(sql, names, expr)


def comparisons(sql: str) -> Iterator[tuple[set[str], list[str]]]:
    """Yield the names and the numbers of each comparison in `sql`, whichever side they are on."""
    for node in _parse(sql).find_all(exp.Binary, exp.Between, exp.In):
        if not isinstance(node, exp.Connector):
            numbers = [e.this for e in node.find_all(exp.Literal) if not e.is_string]
            yield {column.name for column in node.find_all(exp.Column)}, numbers


def _parse(sql: str) -> exp.Expr:
    try:
        trees = sqlglot.parse(sql)
    except SqlglotError as e:
        reason = str(e).splitlines()[0]
        raise SqlError(f"not SQL: {reason}") from None
    except RecursionError:
        raise SqlError("too many parentheses inside one another") from None
    if len(trees) != 1 or trees[0] is None:
        raise SqlError("expected one expression")
    return trees[0]


def _refuse_foreign(tree: exp.Expr) -> None:
    for node in tree.walk():
        if not isinstance(node, ALLOWED):
            raise SqlError(
                f"`{node.sql()}` is not allowed; use facts, numbers, texts, "
                "and / or / not, comparisons, between, in, is null, + - *, abs, coalesce"
            )
        if isinstance(node, exp.Column) and node.table:
            raise SqlError(f"`{node.sql()}`: name the fact alone, without a table")
        if isinstance(node, exp.Is) and not isinstance(node.expression, exp.Null):
            raise SqlError(f"`{node.sql()}`: only `is null` and `is not null` are allowed")
        if isinstance(node, exp.In) and any(not _constant(e) for e in node.expressions):
            raise SqlError(f"`{node.sql()}`: `in` takes numbers or texts")
        if isinstance(node, exp.Null) and not isinstance(node.parent, exp.Is):
            raise SqlError("compare with null by `is null` or `is not null`")
        if isinstance(node, exp.Identifier) and node.args.get("quoted"):
            raise SqlError(f"`{node.sql()}`: write texts in single quotes, facts in none")


def _refuse_unknown_texts(tree: exp.Expr, name: str, known: Collection[str]) -> None:
    """Refuse a comparison of a fact with a text that it never is."""
    for column in tree.find_all(exp.Column):
        node = column.parent
        if column.name == name and isinstance(node, exp.Expression):
            for text in node.find_all(exp.Literal):
                if text.is_string and text.this not in known:
                    raise SqlError(f"`{name}` is never `{text.this}`{nearest(text.this, known)}")


def _constant(node: exp.Expr) -> bool:
    return isinstance(node.this if isinstance(node, exp.Neg) else node, exp.Literal)
