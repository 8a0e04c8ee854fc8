"""How the documentation is built; it needs no network."""

from reliefpath import __version__

project = "ReliefPath"
copyright = "the ReliefPath contributors"  # noqa: A001 - Sphinx's own name
version = release = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
smartquotes = False  # texts of rules are shown as they are written
html_theme = "furo"
html_title = f"ReliefPath {__version__}"
