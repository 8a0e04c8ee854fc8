"""Facts of the findings: red flags, contraindications, cautions, medicines, consent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import polars as pl

from reliefpath.clock import Moment, walls
from reliefpath.pathway.facts.groups import Flags, Floats, Groups, Ints, Known, Names
from reliefpath.pathway.facts.moment import Rows, places
from reliefpath.therapies import SCREENED, Bar, finding_kinds

FLAGS = {
    "red_flag": Bar.RED_FLAG,
    "contraindication": Bar.CONTRAINDICATION,
    "caution": Bar.CAUTION,
    "anticoagulated": Bar.ANTICOAGULANT,
}
"""The bar whose findings raise each flag."""
LISTS = {
    "red_flags": Bar.RED_FLAG,
    "contraindications": Bar.CONTRAINDICATION,
    "cautions": Bar.CAUTION,
}
"""The bar whose findings each list names."""
ANSWERS = {
    "pregnant": ("pregnancy", {"pregnant": True, "not-pregnant": False}),
    "consented": ("consent", {"injection": True, "injection-refused": False}),
}
"""Facts that the latest finding of one kind answers by its code."""


def finding_facts(findings: pl.DataFrame, episodes: pl.DataFrame, moment: Moment) -> Known:
    """Return the facts of the findings, one value an episode in the order of `episodes`.

    A finding without an episode belongs to the person, and so to each of their episodes. Not asked
    is not a no: a flag is false only when every kind of finding that could raise it was screened
    since the episode began.
    """
    c, rows = _catalogue(), _rows(findings, episodes, moment)
    code, episode = rows["code"], Groups(rows["e"], episodes.height)
    standing, answers = np.isnan(c.answer[code]), {}
    for fact, (kind, _) in ANSWERS.items():
        # a later answer overtakes an earlier one
        asked = (c.kind == kind)[code] & ~np.isnan(c.answer[code])
        at = np.where(asked, rows["at"].astype(float), np.nan)
        latest = at == episode.most(at)[episode.of]
        said = np.where(latest, c.answer[code], np.nan)
        least = episode.least(said)
        # unknown where two of the latest disagree
        answers[fact] = np.where(least == episode.most(said), least, np.nan)
        standing |= latest
    screened = c.screened[code] & rows["fresh"]
    raised = {bar: standing & c.raises[bar][code] for bar in FLAGS.values()}
    return {
        **answers,
        **{name: _flag(episode, bar, raised[bar], screened, code) for name, bar in FLAGS.items()},
        **{name: _listed(episode, bar, raised[bar], code) for name, bar in LISTS.items()},
    }


def _rows(findings: pl.DataFrame, episodes: pl.DataFrame, moment: Moment) -> Rows:
    """The findings that hold at the moment, one row for each episode that they belong to."""
    until = findings["until"].to_numpy()
    at = walls(findings["at"], moment.zone)
    holds = (at < moment.end_as_array) & ~(until < np.datetime64(moment.day))
    people = pl.Enum(episodes["patient"].unique())
    person, owner = places(findings["patient"], people), places(episodes["patient"], people)
    code = places(findings["kind"] + " " + findings["code"], _catalogue().names)
    row = np.flatnonzero(holds & (person >= 0) & (code >= 0))
    # each finding of a person meets each of their episodes
    count = np.bincount(owner, minlength=len(people.categories))
    first, met = np.cumsum(count) - count, count[person[row]]
    row, nth = np.repeat(row, met), np.arange(met.sum()) - np.repeat(np.cumsum(met) - met, met)
    e = np.argsort(owner, kind="stable")[first[person[row]] + nth]
    own = places(findings["episode"], pl.Enum(episodes["episode"]))[row]
    mine = (own == e) | findings["episode"].is_null().to_numpy()[row]
    row, e = row[mine], e[mine]
    at = at[row]
    fresh = at >= episodes["started_on"].to_numpy()[e].astype("datetime64[us]")
    return {"e": e, "at": at, "code": code[row], "fresh": fresh}


def _flag(episode: Groups, bar: Bar, raised: Flags, screened: Flags, code: Ints) -> Floats:
    """1 where a bar is raised, 0 where all was screened that could raise it, else NaN."""
    c = _catalogue()
    asked = [episode.any(screened & (c.kind == kind)[code]) for kind in _kinds(bar)]
    clear = np.where(np.all(asked, axis=0), 0.0, np.nan)
    return np.where(episode.any(raised), 1.0, clear)


def _listed(episode: Groups, bar: Bar, raised: Flags, code: Ints) -> pl.Series:
    """The codes that raise a bar, those but red flags with their kind."""
    c = _catalogue()
    names = c.code if bar is Bar.RED_FLAG else c.name
    found: dict[int, set[str]] = {}
    for e, name in zip(episode.of[raised].tolist(), names[code[raised]], strict=True):
        found.setdefault(e, set()).add(name)
    listed: list[str | None] = [None] * episode.size
    for e, each in found.items():
        listed[e] = ", ".join(sorted(each))
    return pl.Series(listed, dtype=pl.String)


@dataclass(frozen=True)
class Codes:
    """Every finding: the bars it raises, and the answer it gives to a question."""

    name: Names
    kind: Names
    code: Names
    screened: Flags
    answer: Floats
    raises: dict[Bar, Flags]

    @cached_property
    def names(self) -> pl.Enum:
        """Kind and code of each, in order."""
        return pl.Enum(self.name)


@cache
def _catalogue() -> Codes:
    known = {
        (kind, code): finding.bars
        for kind, row in finding_kinds().items()
        for code, finding in row.codes.items()
    }
    answers = {(kind, c): said for kind, codes in ANSWERS.values() for c, said in codes.items()}
    kind, code = (np.array(column, object) for column in zip(*known, strict=True))
    return Codes(
        kind + " " + code,
        kind,
        code,
        code == SCREENED,
        np.array([answers.get(key) for key in known], float),
        {bar: np.array([bar in bars for bars in known.values()]) for bar in FLAGS.values()},
    )


@cache
def _kinds(bar: Bar) -> list[str]:
    """The kinds of finding that are screened for and can raise a bar."""
    return [
        kind
        for kind, row in finding_kinds().items()
        if row.screening and any(bar in finding.bars for finding in row.codes.values())
    ]
