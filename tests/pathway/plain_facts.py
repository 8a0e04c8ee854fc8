"""The facts of one person as somebody would work them out by hand: slow, and obvious.

It shares no code with the facts, and states its numbers anew; the catalogues tell it only which
muscle reaches where, and what each finding bars. What rests on a curve is not in it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any

from reliefpath.knowledge import SHIPPED
from reliefpath.reference.anatomy import muscles
from reliefpath.reference.therapies import Restriction, finding_kinds

Row = dict[str, Any]
Rows = list[Row]
Record = dict[str, Rows]
ORDER = ("nrs", "vas", "psfs", "peg", "groc", "pgic", "sane", "ppt", "ndi")
"""As the catalogue has them: of two that were scored as often, the first counts."""
PAIN, FUNCTION = ("nrs", "vas", "peg"), ("psfs", "ndi")
WELL = {"nrs": 0, "vas": 0, "psfs": 10, "peg": 0, "sane": 100, "ndi": 0}
MORE_IS_BETTER = ("psfs", "sane", "ppt", "groc")
MATTERS = {"nrs": 2, "vas": 15, "psfs": 2, "peg": 1, "sane": 15, "ndi": 7.5}
ERROR = MATTERS | {"ndi": 10}
EFFECT = timedelta(weeks=12)
HORIZON = timedelta(weeks=6)
NEEDLING = ("dry-needling", "electro-dry-needling")
EXERCISE = ("exercise", "stretching")
CONSERVATIVE = (*NEEDLING, *EXERCISE, "education", "manual", "acupuncture")
MG = {"mg": 1, "g": 1000, "mcg": 0.001}
AS_TRIAMCINOLONE = {"triamcinolone": 1.0, "dexamethasone": 4 / 0.75}


def weeks(days: timedelta) -> float:
    return days / timedelta(weeks=1)


class Occasion:
    """The scores of one measure on a day, with no injection between them."""

    def __init__(self, measure: str, at: datetime, values: list[float]) -> None:
        self.measure, self.at, self.day, self.values = measure, at, at.date(), values
        worse = -1 if measure in MORE_IS_BETTER else 1
        self.value = mean(values)
        self.worst = max(values, key=lambda value: value * worse)
        self.left = max(0, worse * (self.value - WELL[measure])) if measure in WELL else None
        self.since: timedelta | None = None
        """Since the injection before."""
        self.follows_latest = False
        self.needled = False

    @property
    def passing(self) -> bool:
        """Whether the effect of an injection is in it."""
        return self.since is not None and timedelta(0) < self.since < EFFECT


def occasions(record: Record, episode: Row, on: date) -> dict[str, list[Occasion]]:
    given = [r for r in record["treatments"] if r["episode"] == episode["episode"]]
    injected = [r["at"] for r in given if r["therapy"] == "injection" and r["at"].date() <= on]
    needled = [r["at"] for r in given if r["therapy"] in NEEDLING and r["at"].date() <= on]
    last_day = min(on, episode["ended_on"] or on)
    grouped: dict[Any, list[Row]] = {}
    for row in sorted(record["scores"], key=lambda r: r["at"]):
        if row["episode"] == episode["episode"] and row["at"].date() <= last_day:
            before = max((at for at in injected if at < row["at"]), default=None)
            grouped.setdefault((row["measure"], row["at"].date(), before), []).append(row)
    found: dict[str, list[Occasion]] = {}
    for (measure, _, before), rows in grouped.items():
        occasion = Occasion(measure, rows[0]["at"], [r["value"] for r in rows])
        occasion.since = None if before is None else occasion.at - before
        occasion.follows_latest = before is not None and before == max(injected)
        occasion.needled = any(at < occasion.at for at in needled)
        found.setdefault(measure, []).append(occasion)
    return found


def score_facts(record: Record, episode: Row, on: date) -> Row:
    said = occasions(record, episode, on)
    often = sorted(said, key=lambda name: (-len(said[name]), ORDER.index(name)))
    lately = [name for name in often if on - said[name][-1].day <= HORIZON]
    measure = episode["primary_measure"] or next((n for n in often if n in WELL), None)
    course = said.get(measure or "", [])
    followed = bool(course) and measure in MATTERS and bool(course[0].left)
    of_other = FUNCTION if measure in PAIN else PAIN if measure in FUNCTION else PAIN + FUNCTION
    second = next(
        (
            n
            for n in often
            if n in lately and n in of_other and len(said[n]) > 2 and said[n][0].left
        ),
        None,
    )
    shown = [
        (said[name][-1].left or 0) >= MATTERS[name] for name in lately if name in PAIN + FUNCTION
    ]
    function = (
        said[next((n for n in often if n in FUNCTION), "")] if set(said) & {*FUNCTION} else []
    )
    whole = {n: said[n][-1].value if n in lately else None for n in ("sane", "groc", "pgic")}
    return {
        "measure": measure,
        "second_measure": second if followed else None,
        "score_count": len(course) or None,
        "baseline": course[0].value if course else None,
        "current": course[-1].value if course else None,
        "current_worst": course[-1].worst if course else None,
        "weeks_since_score": weeks(on - course[-1].day) if course else None,
        "residual": course[-1].left if course else None,
        "residual_visible": any(shown) if shown else None,
        "own_estimate": None if whole["sane"] is None else whole["sane"] / 100,
        "groc": whole["groc"],
        "pgic": whole["pgic"],
        "function_improvement": (
            1 - (function[-1].left or 0) / function[0].left
            if function and function[0].left
            else None
        ),
        "slipping": False,
        "relieved": False,
        "well_now": False,
        "injection_relief_now": None,
        "injection_relief_weeks": None,
        "injection_relief": treatment_facts(record, episode, on)["injection_relief"],
        **(course_facts(course, on) if followed else dict.fromkeys(OF_A_COURSE)),
    }


OF_A_COURSE = (
    "flare",
    "setback",
    "scatter",
    "weeks_since_recovery",
    "relapse",
    "dry_needling_gain",
)


def course_facts(course: list[Occasion], on: date) -> Row:
    left, error = [o.left or 0.0 for o in course], ERROR[course[0].measure]
    pairs = [
        (left[i - 1] + left[i]) / 2
        for i in range(1, len(course) - 2)
        if not course[i - 1].passing and not course[i].passing
    ]
    limit = left[0] / 10 + 1e-9
    is_well = [value <= limit for value in left]
    scatter = scatter_of(course, left)
    matters = MATTERS[course[0].measure] * max(0.8, 1.7 * (scatter or 0.0))
    began, anchor, lost, level = None, None, False, 0.0
    for i, now in enumerate(course):
        start = _before_by(course, i, 14)
        held = None if start is None or not is_well[start] else mean(left[start : i + 1])
        if is_well[i] and held is not None and held <= limit and not now.passing:
            began, anchor, lost = (start if began is None or lost else began), i, False
            level = held
        elif anchor is not None:
            since = _before_by(course, i, 14)
            if since is not None and since > anchor:
                worse = min(left[i], mean(left[since : i + 1])) - level
                lost = lost or worse >= matters - 1e-9
    needled = [o.needled for o in course]
    before = _base(left, needled, error)
    return {
        "flare": (left[-1] - left[-2]) / error if len(left) > 1 else None,
        "setback": (min(left[-2:]) - min(pairs)) / error if pairs else None,
        "weeks_since_recovery": None if began is None else weeks(on - course[began].day),
        "relapse": lost,
        "scatter": scatter,
        "slipping": began is not None and not lost and not any(is_well[-2:]),
        "relieved": is_well[-1] and course[-1].passing,
        "well_now": is_well[-1],
        "dry_needling_gain": None if before is None else 1 - left[-1] / before,
        **relief(course, left, error),
    }


def scatter_of(course: list[Occasion], left: list[float]) -> float | None:
    """How much single scores scatter, in changes that matter."""
    if len(left) < 2:
        return None
    matters = MATTERS[course[0].measure]
    near = [b.at - a.at <= timedelta(weeks=3) for a, b in pairwise(course)]
    apart = zip(near, pairwise(left), strict=True)
    halves = sorted((b - a) ** 2 / 2 for close, (a, b) in apart if close)[:-1]
    between = (2 * (0.6 * matters) ** 2 + sum(halves)) / (2 + len(halves))
    within = mean([mean([(v - o.value) ** 2 for v in o.values]) for o in course])
    return float((between + within) ** 0.5 / matters)


def _before_by(course: list[Occasion], i: int, days: int) -> int | None:
    """The latest occasion so many days or more before one."""
    found = [k for k in range(i) if (course[i].day - course[k].day).days >= days]
    return found[-1] if found else None


def _base(left: list[float], after: list[bool], error: float) -> float | None:
    """The last score before those `after`, if it leaves enough to tell relief by."""
    if not after[-1] or all(after):
        return None
    base = left[after.index(True) - 1]
    return base if base >= error else None


def relief(course: list[Occasion], left: list[float], error: float) -> Row:
    after = [o.follows_latest for o in course]
    base = _base(left, after, error)
    if base is None:
        return {}
    shares = [1 - value / base for value in left[after.index(True) :]]
    half = [o.since for o in course if o.follows_latest]
    lost = next((i for i, share in enumerate(shares) if share < 0.5), len(shares))
    since = half[lost - 1] if lost else timedelta(0)
    assert since is not None
    return {
        "injection_relief": max(shares),
        "injection_relief_now": shares[-1],
        "injection_relief_weeks": weeks(since),
    }


def treatment_facts(record: Record, episode: Row, on: date) -> Row:
    done = [r | {"day": r["at"].date()} for r in record["treatments"] if r["at"].date() <= on]
    mine = [r for r in done if r["episode"] == episode["episode"]]
    once = [r for i, r in enumerate(mine) if r not in mine[:i]]
    exercise = [r for r in once if r["therapy"] in EXERCISE]
    exercised = sorted({r["day"] for r in exercise if r["adherence"] != 0})
    latest = max((r["day"] for r in exercise), default=on)
    lately = [r for r in exercise if latest - r["day"] <= timedelta(weeks=4)]
    needled = [r for r in mine if r["therapy"] in NEEDLING]
    sessions: list[date] = []
    for day in sorted({r["day"] for r in needled if r["muscle"] is None or reaches(r, episode)}):
        if not sessions or day - sessions[-1] >= timedelta(days=3):
            sessions.append(day)
    injected = {r["day"] for r in mine if r["therapy"] == "injection"}
    last = max(injected, default=None)
    anywhere = {r["day"] for r in done if r["therapy"] == "injection"}
    return {
        "education_given": any(r["therapy"] == "education" for r in mine),
        "exercise_weeks": longest(exercised),
        "conservative_weeks": longest(
            sorted({r["day"] for r in mine if r["therapy"] in CONSERVATIVE})
        ),
        "weeks_since_exercise": weeks(on - exercised[-1]) if exercised else None,
        "exercise_adherence": _mean(r["adherence"] for r in exercise),
        "exercise_adherence_lately": _mean(r["adherence"] for r in lately),
        "exercise_since_injection": None if last is None else any(d > last for d in exercised),
        "dry_needling_sessions": len(sessions),
        "dry_needling_harm": any(r["adverse_effect"] is not None for r in needled),
        "dry_needling_response": _mean(r["response"] for r in once if r["therapy"] in NEEDLING),
        "injected": bool(injected),
        "weeks_since_injection": None if last is None else weeks(on - last),
        "weeks_since_any_injection": weeks(on - max(anywhere)) if anywhere else None,
        "injection_sessions_365d": sum((on - day).days < 365 for day in anywhere),
        "injection_sessions_90d": sum((on - day).days < 90 for day in anywhere),
        "steroid_mg_365d": steroid(r for r in done if (on - r["day"]).days < 365),
        "injection_relief": _mean(
            r["response"] for r in once if r["therapy"] == "injection" and r["day"] == last
        ),
    }


def longest(days: list[date]) -> float | None:
    """The weeks of the longest course, which a gap of more than six weeks ends."""
    if not days:
        return None
    found, first = timedelta(0), days[0]
    for one, two in pairwise(days):
        first = two if two - one > timedelta(weeks=6) else first
        found = max(found, two - first)
    return weeks(found)


def steroid(rows: Any) -> float | None:
    found = 0.0
    for row in rows:
        if row["agent"] in AS_TRIAMCINOLONE:
            if row["amount"] is None or row["unit"] not in MG:
                return None
            found += row["amount"] * MG[row["unit"]] * AS_TRIAMCINOLONE[row["agent"]]
    return found


def _mean(values: Any) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def reaches(row: Row, episode: Row) -> bool:
    """Whether a muscle may cause the complaint, on its side or known to refer across."""
    if row["muscle"] is None:
        return False
    sides = {row["side"] or "both", episode["side"] or "both"}
    muscle = muscles(SHIPPED)[row["muscle"]]
    felt = muscle.crosses if sides == {"left", "right"} else muscle.reaches
    return bool({episode["region"], *(episode["other_regions"] or "").split()} & {*felt})


def exam_facts(record: Record, episode: Row, on: date) -> Row:
    mine = [
        r for r in record["exams"] if r["episode"] == episode["episode"] and r["at"].date() <= on
    ]
    latest = max((r["at"].date() for r in mine), default=on)
    found = [r for r in mine if r["at"].date() == latest]
    active = [r for r in found if is_active(r) is True]
    unclear = any(is_active(r) is None for r in found)
    none = bool(found) and not active and not unclear
    explains = any(reaches(r, episode) for r in active)
    return {
        "weeks_since_exam": weeks(on - latest) if found else None,
        "active_trigger_points": len(active) if active or none else None,
        "trigger_point_explains_pain": True if explains else False if none else None,
    }


def is_active(exam: Row) -> bool | None:
    """Tender and recognised, and taut or referring; None where what is missing would decide it."""
    band = [exam["taut_band"], exam["referred_pain"]]
    either = True if True in band else None if None in band else False
    signs = [exam["tender_spot"], exam["recognised"], either]
    return False if False in signs else None if None in signs else True


ASKED = ("red-flag", "allergy", "medicine", "condition")
RAISED_BY = {
    "red_flag": ("red-flag",),
    "contraindication": ("red-flag", "allergy", "condition"),
    "caution": ("allergy", "medicine", "condition"),
    "anticoagulated": ("medicine", "condition"),
}
"""The kinds of finding that can raise each flag, all of which must have been asked about."""
BARS = {name: Restriction(name.replace("_", "-")) for name in ("red_flag", "contraindication")}
BARS |= {"caution": Restriction.CAUTION, "anticoagulated": Restriction.ANTICOAGULANT}
ANSWERS = {
    "pregnant": ("pregnancy", {"pregnant": True, "not-pregnant": False}),
    "consented": ("consent", {"injection": True, "injection-refused": False}),
    "needling_refused": ("consent", {"needling-refused": True, "needling": False}),
}


def finding_facts(record: Record, episode: Row, on: date) -> Row:
    mine = episode["episode"]
    holding = [
        r
        for r in record["findings"]
        if r["at"].date() <= on
        and (r["until"] is None or r["until"] >= on)
        and concerns(r, episode)
    ]
    told: Row = {}
    standing = [r for r in holding if (r["kind"], r["code"]) not in ANSWERING]
    for fact, (kind, codes) in ANSWERS.items():
        asked = [r for r in holding if r["kind"] == kind and r["code"] in codes]
        if kind == "consent":
            asked = [r for r in asked if r["episode"] in (None, mine)]
        asked = [r for r in asked if r["at"] == max(a["at"] for a in asked)]
        standing += asked
        said = {codes[r["code"]] for r in asked}
        told[fact] = said.pop() if len(said) == 1 else None
        if any(no_longer_counts(r, record, episode, on) for r in asked):
            told[fact] = None
    began = datetime.combine(episode["started_on"], time())
    screened = {
        r["kind"]
        for r in holding
        if r["code"] == "screened"
        and r["episode"] in (None, mine)
        and r["at"].replace(tzinfo=None) >= began
    }
    vague = {r["kind"] for r in standing if Restriction.UNKNOWN in bars_of(r)}
    for flag, bar in BARS.items():
        raising = {(r["kind"], r["code"]) for r in standing if bar in bars_of(r)}
        clear = not (set(RAISED_BY[flag]) - screened or set(RAISED_BY[flag]) & vague)
        told[flag] = True if raising else False if clear else None
        names = sorted(code if flag == "red_flag" else f"{kind} {code}" for kind, code in raising)
        if flag != "anticoagulated":
            told[f"{flag}s"] = ", ".join(names) or None
    return told


ANSWERING = {(kind, code) for kind, codes in ANSWERS.values() for code in codes}


def bars_of(row: Row) -> tuple[Restriction, ...]:
    return finding_kinds(SHIPPED)[row["kind"]].codes[row["code"]].bars


def no_longer_counts(row: Row, record: Record, episode: Row, on: date) -> bool:
    """Whether an answer that permits a needle is too old, or was used up by one."""
    ago: int = (on - row["at"].date()).days
    if row["code"] == "not-pregnant":
        return ago > 28
    if row["code"] != "injection":
        return False
    given = [r for r in record["treatments"] if r["therapy"] == "injection"]
    if row["episode"] is not None:
        given = [r for r in given if r["episode"] == episode["episode"]]
    return ago > 182 or any(row["at"].date() <= r["at"].date() <= on for r in given)


def concerns(row: Row, episode: Row) -> bool:
    """Whether what was found at a place may be where this complaint is needled."""
    if not finding_kinds(SHIPPED)[row["kind"]].codes[row["code"]].local:
        return True
    known = muscles(SHIPPED)
    place = known[row["muscle"]].region if row["muscle"] else row["region"]
    hurts = {episode["region"], *(episode["other_regions"] or "").split()}
    there = [muscle for muscle in known.values() if muscle.region == place]
    return place is None or any(hurts & {*muscle.reaches} for muscle in there)
