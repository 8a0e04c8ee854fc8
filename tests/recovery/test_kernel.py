"""When the compiled loops are loaded, and where their machine code may be kept."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import reliefpath

pytestmark = pytest.mark.long

ASK = "from reliefpath.recovery import recover; print(recover([0, 1], [0], [6], [10], [2]).low)"


def python(code: str, **environment: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def test_numba_is_not_imported_before_the_first_question() -> None:
    code = "import sys, reliefpath.recovery; print('numba' in sys.modules)"
    assert python(code) == "False"


def test_compiled_loops_work_where_no_file_can_be_written(tmp_path: Path) -> None:
    """Files stand where the cache's folders would be made, so not even root can make them."""
    package = tmp_path / "reliefpath"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(reliefpath.__file__).parent, package, ignore=ignore)
    (package / "recovery" / "__pycache__").write_text("")
    environment = {
        "PYTHONPATH": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": os.devnull,
        "XDG_CACHE_HOME": os.devnull,
        "NUMBA_CACHE_DIR": "",
        "NUMBA_OPT": "0",  # nothing is asked of how fast they are
    }
    assert python(ASK, **environment) == "[0.]"
    code = "import reliefpath; print(reliefpath.__file__)"
    assert python(code, **environment) == str(package / "__init__.py")
