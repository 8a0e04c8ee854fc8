"""Sources a medical director accepts: the text itself, and *read* only where it was read."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from reliefpath.errors import KnowledgeError
from reliefpath.knowledge.catalogue import read_yaml
from reliefpath.knowledge.clinic_file import SHELVES

ROOT = Path(__file__).parents[1]
SHIPPED = sorted(Path(str(files("reliefpath"))).rglob("*.yaml"))
SECOND_HAND = re.compile(
    r"summar|quote|retold|retell|reproduce|explained by|as \w+ explains|commonly|\bcopy\b"
    r"|\babstract\b|handbook|glossary",
    re.IGNORECASE,
)
"""Words by which a citation says that not the text itself was read."""
URL = re.compile(r"https?://[^\s\"'<>)\]}]+")
STAND_INS = re.compile(r"proxy|mirror|blog|wiki|answers")


@cache
def refused_hosts() -> dict[str, str]:
    """Return why each host is refused."""
    reasons = yaml.safe_load((ROOT / "tests" / "refused_hosts.yaml").read_text("utf-8"))
    return {host: reason for reason, hosts in reasons.items() for host in hosts}


def wrong_address(url: str) -> str | None:
    """Return what is wrong with an address, or None."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        return f"{url} is not https"
    for refused, reason in refused_hosts().items():
        if host == refused or host.endswith(f".{refused}"):
            return f"{url} is {reason}"
    if STAND_INS.search(host):
        return f"{url} stands in for the text itself"
    return None


def named_after(id_: str, host: str) -> bool:
    """Return whether the id of a source begins with the name of a host.

    A name of three letters, such as that of fda.report, is somebody else's too.
    """
    name = host.split(".")[-2]
    return len(name) > 3 and re.match(rf"{re.escape(name)}\b", id_) is not None


def wrong(sources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with the sources of a catalogue."""
    for id_, source in sources.items():
        if host := next((h for h in refused_hosts() if named_after(id_, h)), None):
            yield f"{id_}: is named after {host}, which is {refused_hosts()[host]}"
        if problem := wrong_address(source["url"]) if source.get("url") else None:
            yield f"{id_}: {problem}"
        if source["certainty"] == "read" and (said := SECOND_HAND.search(source["cite"])):
            yield f"{id_}: read, and its citation says `{said[0]}`: secondary, or read the text"


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_every_source_of_a_shipped_catalogue_is_the_text_itself(file: Path) -> None:
    content = read_yaml(file, KnowledgeError)
    assert list(wrong(content.get("sources", {}))) == []
    addresses = URL.findall(file.read_text("utf-8"))
    assert [problem for url in addresses if (problem := wrong_address(url))] == []


@pytest.mark.parametrize("shelf", SHELVES)
def test_every_catalogue_that_a_clinic_may_change_is_among_them(shelf: str) -> None:
    module = import_module(SHELVES[shelf].loader.partition(":")[0])
    folder = Path(str(module.__file__)).parent
    assert [file for file in SHIPPED if file.parent == folder]


def test_nothing_that_the_docs_link_to_is_refused() -> None:
    texts = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = {url for text in texts for url in URL.findall(text.read_text("utf-8"))}
    hosts = {url for url in links if url.startswith("https://")}
    assert [problem for url in sorted(hosts) if (problem := wrong_address(url))] == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://www.droracle.ai/articles/1/", "answers a machine"),
        ("https://ar.scribd.com/document/1/", "a copy of somebody else's text"),
        ("https://verity.backworkai.com/policy/L34211", "a reading of a policy"),
        ("https://www.drugs.com/pro/naropin.html", "a copy of a label"),
        ("https://fpnotebook.com/Rheum/Procedure/X.htm", "a handbook"),
        ("http://pubmed.ncbi.nlm.nih.gov/31208917/", "is not https"),
        ("https://libproxy.example.edu/pubmed/31208917", "stands in for the text"),
    ],
)
def test_an_address_that_is_not_the_text_s_own_is_refused(url: str, says: str) -> None:
    [problem] = wrong({"row": {"cite": "A paper 2020", "url": url, "certainty": "read"}})
    assert says in problem


@pytest.mark.parametrize(
    "url",
    [
        "https://doi.org/10.1001/jamainternmed.2015.7431",
        "https://pubmed.ncbi.nlm.nih.gov/31208917/",
        "https://dailymed.nlm.nih.gov/dailymed/drugInfo.cfm?setid=1",
        "https://notdrugs.com.example.org/",
    ],
)
def test_a_text_s_own_address_is_accepted(url: str) -> None:
    assert list(wrong({"row": {"cite": "A 2020", "url": url, "certainty": "read"}})) == []


@pytest.mark.parametrize(
    "cite",
    [
        "Steffens 2016, by a summary",
        "A label, as quoted by somebody",
        "A guideline, abstract",
        "LCD L34211, as summarised by a service",
        "Commonly stated for this measure",
        "A policy, copy",
    ],
)
def test_read_is_refused_where_the_citation_says_that_it_was_not(cite: str) -> None:
    assert len(list(wrong({"row": {"cite": cite, "certainty": "read"}}))) == 1
    assert list(wrong({"row": {"cite": cite, "certainty": "secondary"}})) == []


def test_every_host_is_refused_for_one_reason_and_as_a_host_is_written() -> None:
    hosts = refused_hosts()
    lines = (ROOT / "tests" / "refused_hosts.yaml").read_text("utf-8").splitlines()
    assert len(hosts) == sum(line.startswith("  - ") for line in lines)
    assert [host for host in hosts if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host)] == []
