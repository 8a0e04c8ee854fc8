"""`python -m reliefpath`."""

from reliefpath.cli import main

main()
