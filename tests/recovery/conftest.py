"""The worlds of the benchmarks are no part of the package: they're found from the root."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
