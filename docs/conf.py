"""How the documentation is built; it needs no network."""

import logging
import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

from reliefpath import __version__

sys.path.insert(0, str(Path(__file__).parent.parent))
from docs.cells import with_outputs

project = "ReliefPath"
copyright = "the ReliefPath contributors"  # noqa: A001 - Sphinx's own name
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
default_role = "code"  # docstrings are written as Markdown has it
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
smartquotes = False  # texts of rules are shown as they are written
html_theme = "furo"
html_title = f"ReliefPath {__version__}"
logging.getLogger("alembic").setLevel(logging.WARNING)  # it is imported to document the chart
PICTURES = Path(__file__).parent.parent / "build" / "pictures"
PICTURE = re.compile(r"<!-- picture: ([\w-]+): (.+?) -->", re.DOTALL)


def run_cells(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Run the cells of a notebook, and show below each what it shows."""
    source[0] = with_outputs(source[0])


def show_pictures(_app: Sphinx, _name: str, source: list[str]) -> None:
    """Show what the tests saw in the browser; without a browser there is nothing to show."""
    source[0] = PICTURE.sub(_figure, source[0])


def _figure(picture: re.Match[str]) -> str:
    name, says = picture.groups()
    if not (PICTURES / f"{name}.png").is_file():
        return ""
    says = " ".join(says.split())
    return f"```{{figure}} ../build/pictures/{name}.png\n:alt: {says}\n\n{says}\n```"


def setup(app: Sphinx) -> None:
    """Let Sphinx know."""
    app.connect("source-read", show_pictures)
    app.connect("source-read", run_cells)
