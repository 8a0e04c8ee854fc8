"""What people call medicines, allergens and agents, and which code they mean by it.

Words are held against whole names, never against their spelling: a name that is nearly another's is
another substance. Case, accents, blanks and hyphens are not told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reliefpath.knowledge import Knowledge, derived
from reliefpath.knowledge.catalogue import folded
from reliefpath.reference.therapies.findings import SCREENED, finding_kinds
from reliefpath.reference.therapies.injectables import agents

_STRENGTH = re.compile(r" \d[\d.,/]* ?(mg|mcg|µg|μg|g|ml|iu|units?|%)$")
"""How much of it is taken, after its name."""


def code_of(knowledge: Knowledge, kind: str, words: str) -> str | None:
    """Return the code of a kind of finding that words are a name of, or None.

    >>> code_of(Knowledge.shipped(), "medicine", "Eliquis 5 mg")
    'apixaban'
    """
    names, said = _finding_names(knowledge, kind), folded(words)
    if said in names:
        return names[said]
    code = names.get(_STRENGTH.sub("", said))
    return None if code == SCREENED else code


def agent_of(knowledge: Knowledge, words: str) -> str | None:
    """Return the agent that words are a name of, or None.

    >>> agent_of(Knowledge.shipped(), "Xylocaine")
    'lidocaine'
    """
    return agent_names(knowledge).get(folded(words))


@derived
def agent_names(knowledge: Knowledge) -> Mapping[str, str]:
    """Return the agent that each name, folded, stands for."""
    return _names((id_, (row.name, *row.synonyms)) for id_, row in agents(knowledge).items())


@derived
def _finding_names(knowledge: Knowledge, kind: str) -> Mapping[str, str]:
    """The code that each name stands for; what is also an agent has the agent's names."""
    codes, injected = finding_kinds(knowledge)[kind].codes, agents(knowledge)
    return _names(
        (code, (row.name, *row.synonyms, *(injected[code].synonyms if code in injected else ())))
        for code, row in codes.items()
    )


def _names(rows: Iterable[tuple[str, Iterable[str]]]) -> Mapping[str, str]:
    return {folded(name): code for code, names in rows for name in (code, *names)}
