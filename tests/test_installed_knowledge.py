"""A catalogue that lost a row since it was installed is refused: nobody would ask about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reliefpath.knowledge.catalogue import ALTERED, PACKAGE, _digest

LOSSES = int(os.environ.get("RELIEFPATH_DAMAGES", "80"))
LOSE = """
import sys
from pathlib import Path
from random import Random
from reliefpath.errors import KnowledgeError
from reliefpath.knowledge.catalogue import PACKAGE, read_yaml

files = sorted(PACKAGE.rglob("*.yaml"))
assert len(files) > 20
texts = {file: file.read_text("utf-8") for file in files}
for file in files:
    read_yaml(file, KnowledgeError)
for seed in range(int(sys.argv[1])):
    random = Random(seed)
    file = random.choice(files)
    lines = texts[file].splitlines(keepends=True)
    first = random.randrange(len(lines))
    del lines[first : first + random.choice([1, 1, 3, 10])]
    file.write_text("".join(lines), "utf-8")
    try:
        read_yaml(file, KnowledgeError)
    except KnowledgeError:
        file.write_text(texts[file], "utf-8")
        continue
    sys.exit(f"{file} without line {first + 1} is read (seed {seed})")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages in which ours is, with the list of files that an installer keeps."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(PACKAGE, site / "reliefpath", ignore=shutil.ignore_patterns("__pycache__"))
    about = site / "reliefpath-0.2.0.dist-info"
    about.mkdir()
    files = sorted((site / "reliefpath").rglob("*.yaml"))
    record = [f"{f.relative_to(site)},sha256={_digest(f.read_bytes())},1\n" for f in files]
    (about / "RECORD").write_text("".join(record), "utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: reliefpath\nVersion: 0.2.0\n")
    return site


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    here = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=here, cwd=site)


def test_no_catalogue_that_lost_a_line_is_read(installed: Path) -> None:
    done = run(installed, "-c", LOSE, str(LOSSES))
    assert done.returncode == 0, done.stderr


def test_a_command_says_that_knowledge_is_missing_and_what_to_do(installed: Path) -> None:
    file = installed / "reliefpath" / "reference" / "measures" / "measures.yaml"
    whole = file.read_text("utf-8")
    assert run(installed, "-m", "reliefpath", "measures").returncode == 0
    file.write_text(whole.replace("unverified", "read"), "utf-8")
    done = run(installed, "-m", "reliefpath", "measures")
    file.write_text(whole, "utf-8")
    assert (done.returncode, done.stdout) == (1, "")
    assert ALTERED in done.stderr
