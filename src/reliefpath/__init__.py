"""ReliefPath: runs a conservative-first pain clinic's treatment strategy."""

__version__ = "0.1.0"
