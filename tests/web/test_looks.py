"""What the audit log says of a look: one entry for a page with its pictures, and in words."""

from __future__ import annotations

import re

import pytest

from html_page import Page
from reliefpath.care.audit import detail_in_words

from .clients import client_of
from .desk import Desk

PAGES = ("", "/record", "/visit", "/exam", "/exercise", "/exercise/programme", "/check-in-link")
ASSET = re.compile(r'(?:src|srcset|data|href|poster)="(/(?:patient|static)/[^"]+)"')
PICTURE = re.compile(r"\.(svg|png|json|js|css)([?#]|$)")


@pytest.mark.parametrize("part", PAGES)
def test_a_page_with_all_its_pictures_is_one_look(desk: Desk, part: str) -> None:
    before = desk.chart.head().entry
    page = desk.client.get(f"{desk.patient_page}{part}")
    assert page.status_code == 200
    for place in {place.replace("&amp;", "&") for place in ASSET.findall(page.text)}:
        if PICTURE.search(place):
            assert desk.client.get(place).status_code == 200
    looks = [e for e in desk.chart.log(desk.patient).to_dicts() if e["entry"] > before]
    assert [entry["action"] for entry in looks] == ["view"]


def test_the_audit_page_tells_details_in_words(desk: Desk) -> None:
    desk.save_finding("allergy:lidocaine")
    desk.client.get(desk.patient_page)
    auditor = client_of(desk.client.app, "auditor")
    auditor.get("/audit?since=2026-01-01")
    said = Page(auditor.get("/audit").text).text()
    assert "page: finding; rows: 1 findings" in said
    assert not re.search(r'[{}]|": |\[\]', said)


def test_a_detail_is_told_in_words_whatever_it_holds() -> None:
    detail = '{"acknowledged": ["a", "b"], "deidentified": false, "on": "2026-03-31", "told": null}'
    assert detail_in_words(detail) == "acknowledged: a, b; deidentified: no; day: 2026-03-31"
    assert detail_in_words(None) == ""
