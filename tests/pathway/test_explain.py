"""An explained episode says what its row of the advice table says, and shows its curve."""

from __future__ import annotations

from datetime import date

import pytest

from html_page import Page
from reliefpath import assess, demo_clinic, explain, load_pathway
from reliefpath.care_log.log import CareLog
from reliefpath.errors import UsageError

TODAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def clinic() -> CareLog:
    return demo_clinic(patients=30, seed=1, as_of=TODAY)


def test_explain_says_of_every_episode_what_assess_says(clinic: CareLog) -> None:
    pathway = load_pathway()
    table = assess(clinic, pathway, TODAY)
    drawn = 0
    for row in table.iter_rows(named=True):
        advice = explain(clinic, row["episode"], pathway, TODAY)
        assert (advice.status, advice.next_step, advice.gate) == (
            row["status"],
            row["next_step"],
            row["gate"],
        )
        assert {a.id: a.answer for a in advice.criteria} == {
            id_: row[id_] for id_ in pathway.criteria
        }
        # the curve that is shown is the one that the answer rests on
        if advice.course is not None and row["p_level"] is not None:
            assert advice.course.answers["p_level"] == pytest.approx(row["p_level"], abs=6e-5)
            drawn += 1
    assert drawn > 25


def test_advice_is_short_in_words_whole_in_a_notebook_and_a_frame(clinic: CareLog) -> None:
    advice = explain(clinic, "demo-0001", load_pathway(), TODAY)
    assert repr(advice).startswith("<Advice: demo-0001, plateaued; gate unknown; next: Inform the")
    assert len(repr(advice)) < 140
    page = Page(advice._repr_html_())
    assert len(page.all("svg")) == len(page.all("table")) == 1
    [(_, text), *_] = page.all("div")
    for said in (advice.next_step, "gate unknown", "plateaued", *advice.notes):
        assert said in text
    frame = advice.to_frame()
    assert frame.columns == ["step", "criterion", "answer", "to_do"]
    assert frame["criterion"].to_list() == list(load_pathway().criteria)
    assert frame.filter(criterion="consent")["to_do"].item() == advice.next_step


def test_notebook_names_criteria_as_a_page_does_and_sets_apart_what_does_not_apply(
    clinic: CareLog,
) -> None:
    pathway = load_pathway()
    advice = explain(clinic, "demo-0001", pathway, TODAY)
    page = Page(advice._repr_html_())
    [(_, unmet)] = page.all("table")
    [(_, met), (_, idle)] = page.all("details")
    assert idle.startswith("Does not apply")
    for id_ in pathway.criteria:
        assert any(pathway.label(id_) in text for text in (unmet, met, idle)), id_
    assert pathway.label("injection-interval") in idle
    assert "injection-interval" not in met + idle + unmet


def test_same_advice_is_equal_and_goes_through_json_without_its_curve(clinic: CareLog) -> None:
    first, again = (explain(clinic, "demo-0001", load_pathway(), TODAY) for _ in range(2))
    assert first == again
    back = type(first).model_validate_json(first.model_dump_json())
    assert back.course is None
    assert back.model_dump() == first.model_dump()
    assert not Page(back._repr_html_()).all("svg")


def test_what_a_clinic_wrote_is_never_markup_in_a_notebook(clinic: CareLog) -> None:
    advice = explain(clinic, "demo-0001", load_pathway(), TODAY)
    html = advice.model_copy(update={"next_step": "<script>alert(1)</script>"})._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_episode_that_is_not_on_record_is_refused(clinic: CareLog) -> None:
    with pytest.raises(UsageError, match="episode `demo-9999` is not on record"):
        explain(clinic, "demo-9999", load_pathway(), TODAY)
    with pytest.raises(UsageError, match="had not begun by 2001-01-01"):
        explain(clinic, "demo-0001", load_pathway(), date(2001, 1, 1))
