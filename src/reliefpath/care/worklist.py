"""Everybody's advice with what a list of people shows of each: kept up to date, never stale."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import RLock, Thread

import polars as pl

from reliefpath.care.alerts import alert_columns
from reliefpath.care_log.log import CareLog
from reliefpath.pathway.assessment import (
    GATE,
    ORDERED_BY,
    STATUS,
    assess,
    most_urgent_first,
    todo_texts,
)
from reliefpath.pathway.model import FOLLOW_UP, Pathway, StatusName
from reliefpath.recovery import Priors
from reliefpath.reference.measures.totals import totals
from reliefpath.store.chart import Chart

AGO = timedelta(days=7)
"""What changed is told since then."""


class AssessingError(Exception):
    """Everybody is being assessed, and that takes longer than a page should."""

    def __init__(self, done: int) -> None:
        super().__init__(f"assessing; {done} patients so far")
        self.done = done


@dataclass(frozen=True)
class Assessed:
    """Everybody's advice on a day, with all that was recorded up to an entry."""

    rows: pl.DataFrame
    entry: int
    day: date


@dataclass
class WorklistCache:
    """The advice on everybody, assessed once a day, and anew for whom something was recorded.

    A clinic is assessed in the background, one assessment at a time. Nobody is ever shown advice
    that lacks what was recorded before they asked.
    """

    chart: Chart
    pathway: Pathway
    priors: Priors | None
    today: Callable[[], date]
    patience: float | None = 5.0
    """Seconds that a page waits for an assessment before it says that it is under way; None waits
    for its end."""
    _latest: Future[Assessed] | None = None
    _done: int = 0
    _lock: RLock = field(default_factory=RLock)

    def begin(self) -> None:
        """Begin to assess whoever was not assessed as of today and of what is on record."""
        self._work()

    @property
    def failed(self) -> bool:
        """Whether the last assessment of everybody came to nothing."""
        work = self._latest
        return work is not None and work.done() and work.exception() is not None

    def rows(self) -> pl.DataFrame:
        """Return the advice on all episodes, most urgent first, as it stands now; see `rows_of`.

        `known` is the entry of the audit log by which each was assessed: a row with the same
        `episode`, `as_of` and `known` is the same.

        Raises:
            AssessingError: everybody is being assessed, and it takes long.
        """
        try:
            work = self._work()
            if not work.done():
                work.result(self.patience)
                work = self._work()  # what was recorded while it was under way
            return work.result(self.patience).rows
        except TimeoutError:
            raise AssessingError(self._done) from None

    def _work(self) -> Future[Assessed]:
        with self._lock:
            work = self._latest
            if work is None or self.failed:
                return self._all()
            if not work.done():
                return work
            known = work.result()
            if known.day != self.today():
                return self._all()
            head = self.chart.head().entry
            if head > known.entry:
                changed = self.chart.changed_since(known.entry)
                if changed is None:
                    return self._all()
                self._latest = Future()
                self._latest.set_result(self._anew(known, changed, head))
            return self._latest or work

    def _all(self) -> Future[Assessed]:
        """Assess everybody in a thread, which dies with the server."""
        work: Future[Assessed] = Future()

        def run() -> None:
            try:
                head, day, self._done = self.chart.head().entry, self.today(), 0
                rows = pl.concat([self._of(log, day, head) for log in self.chart.care_logs(head)])
                work.set_result(Assessed(self._in_order(rows), head, day))
            except Exception as error:  # whoever waits is told
                work.set_exception(error)

        self._latest = work
        Thread(target=run, daemon=True).start()
        return work

    def _anew(self, known: Assessed, patients: set[str], head: int) -> Assessed:
        if not patients:
            return Assessed(known.rows, head, known.day)
        logs = (self.chart.care_log_of(patient, head) for patient in patients)
        new = pl.concat([self._of(log, known.day, head) for log in logs])
        return Assessed(self._among(_without(known.rows, patients), new), head, known.day)

    def _of(self, care_log: CareLog, day: date, entry: int) -> pl.DataFrame:
        self._done += care_log.patients.height
        return rows_of(care_log, self.pathway, day, self.priors).with_columns(known=entry)

    def _among(self, rows: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
        """Rows in their order with a few new ones among them: sorting all costs ten times that."""
        keys = pl.concat([each.select(ORDERED_BY) for each in (rows, new)]).with_row_index("row")
        order = self._in_order(keys)["row"]
        pieces, begin = [], 0
        for before, place in enumerate((order >= rows.height).arg_true()):
            pieces += [rows[begin : place - before], new.slice(order[place] - rows.height, 1)]
            begin = place - before
        return pl.concat([*pieces, rows[begin:]], rechunk=True)

    def _in_order(self, rows: pl.DataFrame) -> pl.DataFrame:
        return most_urgent_first(rows.lazy(), self.pathway).collect()


def _without(rows: pl.DataFrame, patients: set[str]) -> pl.DataFrame:
    gone = rows["patient"].is_in(patients).arg_true()
    begins, ends = [0, *(gone + 1)], [*gone, rows.height]
    return pl.concat([rows[i:j] for i, j in zip(begins, ends, strict=True)])


def rows_of(
    care_log: CareLog, pathway: Pathway, today: date, priors: Priors | None
) -> pl.DataFrame:
    """Return the advice table with what a list of people shows.

    That is `name`, `language`, `sex`, `died_on` and `complaint`; what `alert_columns` tells;
    `assigned`, whether an episode of the patient names a clinician; `points`, the scores of the
    measure followed, each with its day; `due`, whether a check-in is due; `found_by`, what a search
    looks through; and `was_status` and `was_gate`, what the advice was a week ago by what is on
    record now.
    """
    now = assess(care_log, pathway, today, priors)
    before = assess(care_log, pathway, today - AGO, priors).select(
        "episode", was_status=STATUS, was_gate=GATE
    )
    people = care_log.episodes.join(care_log.patients, on="patient", how="left").select(
        "episode",
        "name",
        "language",
        "sex",
        "died_on",
        "complaint",
        assigned=pl.col("clinician").is_not_null().any().over("patient"),
        found_by=folded(
            pl.concat_str(pl.col("name").fill_null(""), "patient", "episode", separator="\n")
        ),
    )
    rows = now.with_columns(due=due(pathway))
    alerts = alert_columns(care_log, today)
    for more in (people, before, alerts, _points(care_log, now, today)):
        rows = rows.join(more, on="episode", how="left", maintain_order="left")
    return rows


def _answered_by_a_score(pathway: Pathway) -> tuple[list[str], list[str]]:
    """What a score of today would answer: of the follow-up, and of the steps."""
    of_follow_up, of_steps = list[str](), list[str]()
    for id_, (group, criterion) in pathway.criteria.items():
        if "weeks_since_score" in criterion.require:
            (of_follow_up if group == FOLLOW_UP else of_steps).append(id_)
    return of_follow_up, of_steps


_IS_GATHERING = pl.col("in_care") & (pl.col(STATUS) == StatusName.GATHERING.value)
"""Too little is known of the patient, so that any score that is missing is due."""


def due(pathway: Pathway) -> pl.Expr:
    """Return whether a check-in is due: a score of today would answer what is open, of whom
    check-ins ask.

    That is the follow-up, and of whom too little is known, how recent the latest score is.
    """
    follow_up, steps = (
        ~pl.all_horizontal(pl.lit(True), *(pl.col(id_).fill_null(False) for id_ in ids))
        for ids in _answered_by_a_score(pathway)
    )
    # with the day on which care ends nobody is asked any more
    asked = pl.col("in_follow_up") | (pl.col("in_care") & pl.col("weeks_since_end").is_null())
    return asked & (follow_up | (_IS_GATHERING & steps))


def why_due(pathway: Pathway) -> pl.Expr:
    """Return the texts that say why a check-in is due; none where it is not."""
    follow_up, steps = (todo_texts(pathway, ids) for ids in _answered_by_a_score(pathway))
    gathering = (pl.when(_IS_GATHERING).then(text) for text in steps)
    return pl.concat_list(pl.lit(None, pl.String), *follow_up, *gathering).list.drop_nulls()


def check_ins_due(rows: pl.DataFrame) -> pl.DataFrame:
    """Return whose check-in is due among rows of the worklist: the one list of every page."""
    return rows.filter("due")


def matches(said: str) -> list[pl.Expr]:
    """Return what holds of a row that a search finds: each word, in any order."""
    words = (folded(pl.lit(word)) for word in said.split())
    return [pl.col("found_by").str.contains(word, literal=True) for word in words]


def folded(text: pl.Expr) -> pl.Expr:
    """Return text without capitals and accents: whoever types `jose` finds José."""
    return text.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.to_lowercase()


def _points(care_log: CareLog, advice: pl.DataFrame, today: date) -> pl.DataFrame:
    """The scores of each episode's primary measure up to today, in their order."""
    followed = advice.select("episode", "measure").drop_nulls()
    scores = care_log.scores.join(followed, on=["episode", "measure"]).filter(
        care_log.day_of() <= today
    )
    told = totals(scores.with_columns(e="episode"), care_log.knowledge).sort("episode", "at")
    points = pl.struct(day=care_log.day_of(), score="value")
    return told.group_by("episode", maintain_order=True).agg(points=points)
