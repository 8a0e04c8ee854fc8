"""ReliefPath: runs a conservative-first pain clinic's treatment strategy.

The names below are for a notebook or a script; each is imported when it is first asked for, so that
`import reliefpath` costs nothing. All else is inside and may change.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reliefpath.care_log.folder import read_care_log
    from reliefpath.knowledge import Knowledge
    from reliefpath.pathway.advice import explain
    from reliefpath.pathway.assessment import assess
    from reliefpath.pathway.fit import fit
    from reliefpath.pathway.model import load_pathway
    from reliefpath.simulation import demo_clinic
    from reliefpath.store.chart import open_chart

__version__ = "0.2.0"
__all__ = [
    "Knowledge",
    "assess",
    "demo_clinic",
    "explain",
    "fit",
    "load_pathway",
    "open_chart",
    "read_care_log",
]

_MODULES = {
    "Knowledge": "knowledge",
    "assess": "pathway.assessment",
    "demo_clinic": "simulation",
    "explain": "pathway.advice",
    "fit": "pathway.fit",
    "load_pathway": "pathway.model",
    "open_chart": "store.chart",
    "read_care_log": "care_log.folder",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
