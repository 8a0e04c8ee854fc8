"""Rules of the care log that span columns, rows or tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import polars as pl

from reliefpath.care_log.columns import Bad, refused
from reliefpath.care_log.doubts import Doubt, doubtful_scores
from reliefpath.care_log.repeats import said_again
from reliefpath.care_log.schema import RECOVERED, TABLES, TO_COME, Kind, Table
from reliefpath.clock import MIDNIGHT, Moment, day_of
from reliefpath.errors import UsageError, nearest
from reliefpath.knowledge import Knowledge, derived
from reliefpath.reference.measures import Measure, measures
from reliefpath.reference.measures.totals import SESSION, totals
from reliefpath.reference.therapies import NOT_UNDERSTOOD, finding_kinds
from reliefpath.reference.therapies.exercise import exercises
from reliefpath.reference.therapies.exercise.adherence import NEAR, read_shares, total_share

DAY = timedelta(days=1)
ZONE_SLACK = timedelta(days=1)
"""`started_on` is a local date and `at` an instant: they may be up to a day apart."""


def check_rows(
    table: Table,
    frame: pl.DataFrame,
    earlier: Mapping[str, pl.DataFrame],
    knowledge: Knowledge,
    today: Moment | None = None,
) -> list[Bad]:
    """Return the rows of `frame` that contradict themselves, each other or the tables before it.

    `earlier` holds the good rows of the tables that `table` refers to; `knowledge` has the codes;
    `today` is the day at the clinic, after which nothing can have happened; days are told as they
    are there, else in UTC.
    """
    bad = [
        *_missing_parents(table, frame, earlier),
        *_repeated(table, frame),
    ]
    match table.name:
        case "episodes":
            bad += _ends_before_start(frame)
            bad += _born_in_care(frame, earlier)
            bad += _open_twice(frame)
        case "scores":
            bad += _outside_range(frame, knowledge)
            bad += _unscored(frame, knowledge)
            bad += _on_another_scale(frame, knowledge)
        case "treatments":
            bad += _half_amounts(frame, "amount")
            bad += _given_twice(frame)
            bad += _exercises(frame, knowledge)
        case "findings":
            bad += _unknown_findings(frame, knowledge)
            bad += _half_amounts(frame, "value")
    if table.name in ("scores", "treatments", "exams"):  # findings may be older than the episode
        zone = "UTC" if today is None else today.zone
        bad += _outside_episode(table, frame, earlier, zone)
    if today is not None:
        bad += _in_the_future(table, frame, today)
    return bad


def check_codes(tables: Mapping[str, pl.DataFrame], knowledge: Knowledge) -> None:
    """Check that the catalogues know every code of rows that were recorded some time ago.

    Columns that a table lacks are not looked at.

    Raises:
        UsageError: one is not known, as where a clinic's own file is not in force that added it.
    """
    for name, frame in tables.items():
        columns = [c for c in TABLES[name].columns if c.name in frame.columns]
        coded = [c for c in columns if c.kind is Kind.CODE and c.codes]
        unknown = [
            (column.name, value)
            for column in coded
            for value in frame[column.name].drop_nulls().unique()
            if value not in column.codes_in(knowledge)
        ]
        if "code" in frame.columns and not unknown:
            found = _unknown_findings(frame, knowledge)
            unknown = [(str(bad.column), str(bad.value)) for bad in found if not bad.warning]
        for column_name, value in unknown:
            raise UsageError(
                f"{name} on record have the {column_name} `{value}`, which no catalogue knows; "
                "if it is of the clinic's own file, name that: reliefpath --clinic FILE ..."
            )


def _missing_parents(
    table: Table, frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame]
) -> Iterator[Bad]:
    """Rows that name a patient or an episode that does not exist."""
    for key, parent in (("patient", "patients"), ("episode", "episodes")):
        if parent == table.name or key not in table.schema or parent not in earlier:
            continue
        known = earlier[parent][key]
        orphans = frame[key].is_not_null() & ~frame[key].is_in(known.implode())
        if orphans.any():
            candidates = known.head(10_000).to_list()
            for row, value in zip(orphans.arg_true(), frame[key].filter(orphans), strict=True):
                yield Bad(row, key, value, f"no good row in {parent}{nearest(value, candidates)}")


def _repeated(table: Table, frame: pl.DataFrame) -> list[Bad]:
    """Rows that say again, or say otherwise, what another row says."""
    if table.unique:
        key = table.columns[0].name
        name = pl.col(key)
        twice = frame.select(name.is_not_null() & name.is_duplicated()).to_series()
        expected = "stands more than once; expected one row each"
        return _twice(frame, [key], key, twice, expected)
    if table.name == "scores":
        keys = ["episode", "at", "measure", "item"]
        if frame.select(keys).hash_rows().n_unique() == frame.height:
            return []  # all different; the exact look costs many times as much
        whole = pl.all_horizontal(pl.col("episode", "at", "measure").is_not_null())
        twice = frame.select(whole & pl.struct(keys).is_duplicated()).to_series()
        expected = "more than one value for this measure at this time; keep one, or give times"
        return _twice(frame, keys, "value", twice, expected)
    return []


def _twice(
    frame: pl.DataFrame, keys: list[str], column: str, twice: pl.Series, expected: str
) -> list[Bad]:
    """Rows that are the same in all are one; those that say otherwise of the same are refused."""
    if not twice.any():
        return []
    rows = frame.with_row_index("row").filter(twice)
    whole = pl.struct(frame.columns)
    rows = rows.with_columns(
        one=whole.n_unique().over(keys) == 1, first=pl.col("row") == pl.col("row").min().over(keys)
    )
    said = rows.filter(~pl.col("one") | ~pl.col("first")).select("row", column, "one")
    again = "the same row as one before; counted once"
    return [
        Bad(row, column, _value(value), again if one else expected, warning=one, again=one)
        for row, value, one in said.iter_rows()
    ]


def _value(value: object) -> str | None:
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _ends_before_start(frame: pl.DataFrame) -> list[Bad]:
    ends_early = (frame["ended_on"] < frame["started_on"]).fill_null(False)
    return refused("ended_on", frame["ended_on"], ends_early, "must not be before started_on")


def _outside_range(frame: pl.DataFrame, knowledge: Knowledge) -> Iterator[Bad]:
    """Values that their measure, or their measure's items, cannot take."""
    rows = (
        frame.select("measure", "item", "value")
        .with_row_index("row")
        .join(_limits(knowledge), on="measure", maintain_order="left")
    )
    total, value = pl.col("item").is_null(), pl.col("value")
    low = pl.when(total).then("low").otherwise("item_low").alias("least")
    high = pl.when(total).then("high").otherwise("item_high").alias("most")
    outside = rows.filter((value < low) | (value > high))
    found = outside.select("row", "value", "measure", "item", low, high)
    for row, given, name, item, least, most in found.iter_rows():
        what = f"a score of {name}" if item is None else f"an item of {name}"
        top = "" if most is None else f" to {most:g}"
        yield Bad(row, "value", f"{given:g}", f"expected {what}, {least:g}{top}")
    steps = (value - pl.col("low")) / pl.col("step")
    between = rows.filter(total & ((steps - steps.round()).abs() > 1e-6))
    for row, given, step in between.select("row", "value", "step").iter_rows():
        yield Bad(row, "value", f"{given:g}", f"expected steps of {step:g}")
    yield from _unknown_items(rows.filter(~total), knowledge)


@derived
def _limits(knowledge: Knowledge) -> pl.DataFrame:
    """What a score of each measure may be, and what an item of it."""
    limits = [
        (name, m.low, m.high, _grid(m), m.item_low, m.item_high)
        for name, m in measures(knowledge).items()
    ]
    numbers = ("low", "high", "step", "item_low", "item_high")
    schema = {"measure": pl.String(), **dict.fromkeys(numbers, pl.Float64())}
    return pl.DataFrame(limits, schema, orient="row")


def _grid(measure: Measure) -> float | None:
    """The steps of a scale that has no half steps, not even for missing items."""
    missing = measure.scoring.missing
    return None if missing is not None and missing.allowed > 0 else measure.step


def _unknown_items(items: pl.DataFrame, knowledge: Knowledge) -> Iterator[Bad]:
    for (name,), rows in items.partition_by("measure", as_dict=True).items():
        known = measures(knowledge)[name].item_ids
        if known is None:  # the patient names the items
            continue
        unknown = rows.filter(~pl.col("item").is_in(known)).select("row", "item")
        for row, value in unknown.iter_rows():
            yield Bad(row, "item", value, f"unknown item of {name}{nearest(value, known)}")


def _unscored(frame: pl.DataFrame, knowledge: Knowledge) -> Iterator[Bad]:
    """Items too few to make a score: kept, but they say nothing."""
    given = pl.all_horizontal(pl.col(*SESSION, "item", "value").is_not_null())
    items = frame.with_row_index("row").filter(given)
    if items.is_empty():
        return
    lost = items.join(totals(items.drop("row"), knowledge), on=SESSION, how="anti")
    if not lost.is_empty():  # unless the total was given
        lost = lost.join(frame.filter(pl.col("item").is_null()), on=SESSION, how="anti")
    for row, measure, item in lost.select("row", "measure", "item").iter_rows():
        expected = f"too few items of {measure} answered then to score it"
        yield Bad(row, "item", item, expected, warning=True)


def _half_amounts(frame: pl.DataFrame, amount: str) -> list[Bad]:
    """Amounts without a unit: 40 of what?"""
    bare = frame[amount].is_not_null() & frame["unit"].is_null()
    return refused("unit", frame["unit"], bare, f"must not be empty where {amount} is given")


def _given_twice(frame: pl.DataFrame) -> Iterator[Bad]:
    """Treatments that say what one before them says: see `repeats`."""
    rows = said_again(frame).arg_true()
    for row, therapy in zip(rows, frame["therapy"].gather(rows), strict=True):
        say = "the same row as one before; if it was given once, leave one out: both count for "
        say += "doses and limits, and one for how a trial of conservative care went"
        yield Bad(row, "therapy", therapy, say, warning=True)


def _exercises(frame: pl.DataFrame, knowledge: Knowledge) -> Iterator[Bad]:
    """Shares of exercises that cannot be read, or whose mean is not what was done of all."""
    rows = frame["exercises"].is_not_null().arg_true()
    for row, text in zip(rows, frame["exercises"].gather(rows), strict=True):
        try:
            shares = read_shares(text)
        except UsageError as error:
            yield Bad(row, "exercises", text, str(error))
            continue
        if unknown := shares.keys() - exercises(knowledge).keys():
            name = min(unknown)
            hint = nearest(name, exercises(knowledge))
            yield Bad(row, "exercises", text, f"unknown exercise `{name}`{hint}")
        mean, adherence = total_share(shares), frame["adherence"][row]
        if mean is not None and (adherence is None or abs(adherence - mean) > NEAR):
            said = None if adherence is None else f"{adherence:g}"
            yield Bad(row, "adherence", said, f"expected {mean:.2f}, the mean of `exercises`")


def _unknown_findings(frame: pl.DataFrame, knowledge: Knowledge) -> Iterator[Bad]:
    """Codes that no catalogue knows, and as a warning words that nobody understands yet."""
    said = frame.select("kind", "code").unique().drop_nulls()
    odd = {k for k, c in said.iter_rows() if c not in _plain_codes(knowledge, k)}
    for name in sorted(odd):  # looking at each pair once is far quicker than at each row
        kind = finding_kinds(knowledge)[name]
        unknown = (frame["kind"] == name) & ~frame["code"].is_in(tuple(kind.codes))
        unknown = unknown.fill_null(False)
        for row, value in zip(unknown.arg_true(), frame["code"].filter(unknown), strict=True):
            hint = "" if kind.takes_words else nearest(value, kind.codes)
            yield Bad(row, "code", value, f"unknown {name}{hint}")
        lost = ((frame["kind"] == name) & (frame["code"] == NOT_UNDERSTOOD)).fill_null(False)
        for row, value in zip(lost.arg_true(), frame["words"].filter(lost), strict=True):
            says = f"{name} that is not understood: kept in its own words, and unknown until "
            says += "a clinician says what it is"
            yield Bad(row, "code", value, says, warning=True)


@derived
def _plain_codes(knowledge: Knowledge, kind: str) -> frozenset[str]:
    """The codes of a kind that say what was found."""
    return frozenset(finding_kinds(knowledge)[kind].codes) - {NOT_UNDERSTOOD}


def _outside_episode(
    table: Table, frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame], zone: str
) -> list[Bad]:
    """Things done in an episode before it began, which are refused, or after it ended.

    An exam may be written down once care has ended: it is the last look at what is left.
    """
    if "episodes" not in earlier:
        return []
    begin, end = (
        pl.col(c).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        for c in ("started_on", "ended_on")
    )
    after = DAY + ZONE_SLACK
    end = pl.when(pl.col("end_reason").ne_missing(RECOVERED)).then(end)  # else check-ins may go on
    spans = earlier["episodes"].select("episode", begin=begin - ZONE_SLACK, end=end + after)
    span = frame.select("episode").join(spans, on="episode", how="left", maintain_order="left")
    early = (frame["at"] < span["begin"]).fill_null(False)
    bad = refused("at", frame["at"], early, "must not be before the episode's started_on")
    if table.name == "exams":
        return bad
    late = (frame["at"] >= span["end"]).fill_null(False)
    for row in late.arg_true() if late.any() else ():
        ended = (span["end"][row] - after).date()
        say = f"after the episode's ended_on, {ended}; is it of another episode?"
        bad.append(Bad(row, "at", str(day_of(frame["at"][row], zone)), say, warning=True))
    return bad


def _on_another_scale(frame: pl.DataFrame, knowledge: Knowledge) -> Iterator[Bad]:
    """Scores that jump tenfold, or change their sign: see `doubts`."""
    found = doubtful_scores(frame, knowledge).select("row", "value", "before", "doubt")
    for row, value, before, doubt in found.iter_rows():
        yield Bad(row, "value", f"{value:g}", Doubt(doubt).said(before), warning=True)


def _born_in_care(frame: pl.DataFrame, earlier: Mapping[str, pl.DataFrame]) -> Iterator[Bad]:
    """Episodes of people who were not born yet, by their birth date, or were dead."""
    if "patients" not in earlier:
        return
    people = earlier["patients"].select("patient", "birth_date", "died_on")
    lives = frame.select("patient").join(people, on="patient", how="left", maintain_order="left")
    for column, wrong, what in (
        ("birth_date", frame["started_on"] < lives["birth_date"], "before the patient was born"),
        ("died_on", frame["started_on"] > lives["died_on"], "after the patient died"),
    ):
        for row in wrong.fill_null(False).arg_true() if wrong.any() else ():
            say = f"{what}, {lives[column][row]}; which date is right?"
            yield Bad(row, "started_on", str(frame["started_on"][row]), say, warning=True)


def _open_twice(frame: pl.DataFrame) -> Iterator[Bad]:
    """Two complaints under way of one person, region and side, where one may be meant."""
    keys = ["patient", "region", "side"]
    under_way = (
        frame.with_row_index("row")
        .filter(pl.col("ended_on").is_null())
        .drop_nulls(["episode", "patient", "region"])
    )
    twice = under_way.filter(pl.struct(keys).is_duplicated())
    for row, episode in twice.select("row", "episode").iter_rows():
        say = "one of two episodes of this region and side that have not ended; are they one?"
        yield Bad(row, "episode", episode, say, warning=True)


def _in_the_future(table: Table, frame: pl.DataFrame, today: Moment) -> Iterator[Bad]:
    """Dates after today, at the clinic: they do not count yet, or are mistyped."""
    for column in table.columns:
        if column.kind is Kind.DATE and column.name != "until":
            late = frame[column.name] > today.day
        elif column.kind is Kind.INSTANT:  # or today, by the clock of some zones
            late = frame[column.name] >= datetime.combine(today.day, MIDNIGHT, UTC)
        else:
            continue
        if not late.any():
            continue
        if "status" in frame.columns:
            late &= ~frame["status"].is_in(TO_COME).fill_null(False)
        for row in late.fill_null(False).arg_true():
            value = frame[column.name][row]
            shown = day_of(value, today.zone) if isinstance(value, datetime) else value
            if shown > today.day:
                say = f"lies after today, {today.day}; it does not count yet"
                yield Bad(row, column.name, str(shown), say, warning=True)
