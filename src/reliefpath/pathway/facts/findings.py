"""Facts of the findings: red flags, contraindications, cautions, medicines, consent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from reliefpath.clock import wall
from reliefpath.knowledge import Knowledge, derived
from reliefpath.pathway.facts.episodes import Episodes, Rows, arrays, place
from reliefpath.pathway.facts.groups import Flags, Floats, Groups, Known, Names
from reliefpath.pathway.facts.treatments import is_given
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import SCREENED, Restriction, finding_kinds

FLAGS = {
    "red_flag": Restriction.RED_FLAG,
    "contraindication": Restriction.CONTRAINDICATION,
    "caution": Restriction.CAUTION,
    "anticoagulated": Restriction.ANTICOAGULANT,
}
"""The bar whose findings raise each flag."""
LISTS = {
    "red_flags": Restriction.RED_FLAG,
    "contraindications": Restriction.CONTRAINDICATION,
    "cautions": Restriction.CAUTION,
}
"""The bar whose findings each list names."""
CONSENT = "consent"
ANSWERS = {
    "pregnant": ("pregnancy", {"pregnant": True, "not-pregnant": False}),
    "consented": (CONSENT, {"injection": True, "injection-refused": False}),
}
"""Facts that the latest finding of one kind answers by its code."""
STALE = {"pregnant": False, "consented": True}
"""The answer to each that permits something: it is believed for a time only."""
NEEDLING = {"needling": False, "needling-refused": True}
"""What the latest answer about dry needling says of a refusal."""


def finding_facts(
    findings: pl.DataFrame,
    given: Rows,
    episodes: Episodes,
    knowledge: Knowledge,
) -> Known:
    """Return the facts of the findings, one value an episode in the order of `episodes`.

    A danger is the person's, and so each of their episodes', whichever it was recorded with; but
    for the kinds that belong to an episode, and for what is found at a place from which the
    complaint cannot come. Not asked is not a no: a flag is false only when every kind of finding
    that could raise it was screened since the episode began, with it or with none. `given` are the
    treatments: an injection uses up the consent that was given before it.
    """
    c, rows = _catalogue(knowledge), _rows(findings, episodes, knowledge)
    code, episode = rows["code"], Groups(rows["e"], episodes.size)
    mine = rows["own"] | ~c.of_episode[code]
    injected = _injected(given, episodes, rows, is_given(knowledge, "injection", given))
    standing, answers = np.isnan(c.answer[code]) & np.isnan(c.needling[code]), {}
    questions = {fact: (kind, c.answer) for fact, (kind, _) in ANSWERS.items()}
    for fact, (kind, answer) in {**questions, "needling_refused": (CONSENT, c.needling)}.items():
        # a later answer overtakes an earlier one
        asked = mine & (c.kind == kind)[code] & ~np.isnan(answer[code])
        at = np.where(asked, rows["at"].astype(float), np.nan)
        latest = at == episode.most(at)[episode.of]
        said = np.where(latest, answer[code], np.nan)
        least = episode.least(said)
        # unknown where two of the latest disagree
        answers[fact] = np.where(least == episode.most(said), least, np.nan)
        standing |= latest
        permits = said == STALE.get(fact, np.nan)
        old = permits & (episodes.moment.days_from(rows["day"]) > _believed(knowledge, kind))
        used = permits & (kind == CONSENT) & (rows["day"] <= injected)
        answers[fact] = np.where(episode.any(old | used), np.nan, answers[fact])
    screened = c.screened[code] & rows["fresh"] & rows["own"]
    vague = standing & c.raises[Restriction.UNKNOWN][code]
    raised = {bar: standing & c.raises[bar][code] for bar in FLAGS.values()}
    return {
        **answers,
        **{
            name: _flag(
                episode, raised[bar], screened, vague, [(c.kind == k)[code] for k in c.asked[bar]]
            )
            for name, bar in FLAGS.items()
        },
        **{
            name: _listed(episode, c.listed(bar)[code[raised[bar]]], raised[bar])
            for name, bar in LISTS.items()
        },
    }


def _believed(knowledge: Knowledge, kind: str) -> float:
    """For how many days an answer that permits something is believed on the worklist."""
    valid = finding_kinds(knowledge)[kind].valid_days
    return np.inf if valid is None or valid.worklist is None else valid.worklist


def _injected(
    given: Rows, episodes: Episodes, rows: Rows, injection: Flags
) -> NDArray[np.datetime64]:
    """The day of the latest injection that used up the consent in each row.

    What names an episode is used up by an injection of that episode, what names none by any of the
    person's.
    """
    owner = episodes.person
    e, day = given["e"][injection], given["day"][injection].astype(float)
    own = Groups(e, episodes.size).most(day)
    persons = Groups(owner[e], episodes.size).most(day)[owner]
    latest = np.where(rows["named"], own[rows["e"]], persons[rows["e"]])
    found = np.full(latest.size, np.datetime64("NaT"), "datetime64[D]")
    known = ~np.isnan(latest)
    found[known] = latest[known].astype(np.int64).astype("datetime64[D]")
    return found


def _rows(findings: pl.DataFrame, episodes: Episodes, knowledge: Knowledge) -> Rows:
    """The findings that hold at the moment, one row for each episode of the person.

    With `own`, whether it names that episode or none, and `named`, whether it names one.
    """
    moment, c, owner = episodes.moment, _catalogue(knowledge), episodes.person
    said = arrays(
        findings,
        until=pl.col("until"),
        at=wall(pl.col("at"), moment.zone),
        person=place("patient", episodes.people),
        code=c.place,
        of=place("episode", episodes.names),
        named=pl.col("episode").is_not_null(),
    )
    holds = (said["at"] < moment.end_as_array) & ~(said["until"] < np.datetime64(moment.day))
    person = said["person"]
    row = np.flatnonzero(holds & (person >= 0) & (said["code"] >= 0))
    # each finding of a person meets each of their episodes
    count = np.bincount(owner, minlength=episodes.size)
    first, met = np.cumsum(count) - count, count[person[row]]
    row, nth = np.repeat(row, met), np.arange(met.sum()) - np.repeat(np.cumsum(met) - met, met)
    e = np.argsort(owner, kind="stable")[first[person[row]] + nth]
    elsewhere = np.zeros(row.size, np.bool_)
    for i in np.flatnonzero(c.local[said["code"][row]]):
        # a polars row each: what is local is rare
        where = findings.row(int(row[i]), named=True)
        elsewhere[i] = not _may_concern(where, episodes.table.row(int(e[i]), named=True), knowledge)
    row, e = row[~elsewhere], e[~elsewhere]
    found = {name: values[row] for name, values in said.items()}
    return {
        "e": e,
        "at": found["at"],
        "day": found["at"].astype("datetime64[D]"),
        "code": found["code"],
        "fresh": found["at"] >= episodes.started[e].astype("datetime64[us]"),
        "own": ~found["named"] | (found["of"] == e),
        "named": found["named"],
    }


def _may_concern(finding: dict[str, Any], episode: dict[str, Any], knowledge: Knowledge) -> bool:
    """Whether a place may be needled for a complaint: a muscle there reaches where it hurts."""
    known, place = muscles(knowledge), finding["region"]
    if finding["muscle"] is not None:
        place = known[finding["muscle"]].region
    if place is None:
        return True
    hurts = {episode["region"], *(episode["other_regions"] or "").split()}
    return any(row.region == place and hurts & set(row.reaches) for row in known.values())


def _flag(
    episode: Groups, raised: Flags, screened: Flags, vague: Flags, of_kind: list[Flags]
) -> Floats:
    """1 where a bar is raised, 0 where all was screened and understood that could raise it,
    else NaN. The kinds that could are given by their rows.
    """
    asked = [episode.any(screened & mine) & ~episode.any(vague & mine) for mine in of_kind]
    clear = np.where(np.all(asked, axis=0), 0.0, np.nan)
    return np.where(episode.any(raised), 1.0, clear)


def _listed(episode: Groups, names: Names, raised: Flags) -> pl.Series:
    """What raises a bar in each episode, by name."""
    found: dict[int, set[str]] = {}
    for e, name in zip(episode.of[raised].tolist(), names, strict=True):
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
    of_episode: Flags
    local: Flags
    answer: Floats
    needling: Floats
    """Whether dry needling was refused, of what answers that."""
    raises: dict[Restriction, Flags]
    asked: dict[Restriction, list[str]]
    """The kinds of finding that are screened for and can raise each bar."""

    def listed(self, bar: Restriction) -> Names:
        """Return how each finding is listed among those that raise a bar: but for red flags, with
        its kind.
        """
        return self.code if bar is Restriction.RED_FLAG else self.name

    @cached_property
    def place(self) -> pl.Expr:
        """The place here of each row of findings."""
        return place(pl.concat_str("kind", "code", separator=" "), pl.Enum(self.name))


@derived
def _catalogue(knowledge: Knowledge) -> Codes:
    kinds = finding_kinds(knowledge)
    known = {
        (kind, code): finding.bars
        for kind, row in kinds.items()
        for code, finding in row.codes.items()
    }
    asked = {
        bar: [
            kind
            for kind, row in kinds.items()
            if row.screening and any(bar in finding.bars for finding in row.codes.values())
        ]
        for bar in Restriction
    }
    answers = {(kind, c): said for kind, codes in ANSWERS.values() for c, said in codes.items()}
    kind, code = (np.array(column, object) for column in zip(*known, strict=True))
    return Codes(
        kind + " " + code,
        kind,
        code,
        code == SCREENED,
        np.array([kinds[name].of_episode for name, _ in known]),
        np.array([kinds[name].codes[c].local for name, c in known]),
        np.array([answers.get(key) for key in known], float),
        np.array([NEEDLING.get(c) if k == CONSENT else None for k, c in known], float),
        {bar: np.array([bar in bars for bars in known.values()]) for bar in Restriction},
        asked,
    )
