"""Builds the compiled recovery curve: when the package is built, and by `python hatch_build.py`.

Any C compiler will do: the one that CC names, `cc`, or Zig's from PyPI where there is neither. The
bits are the same, since nothing may be reordered or fused.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCE = ROOT / "src" / "reliefpath" / "recovery" / "_kernel"
LIBRARY = SOURCE / ("kernel.dll" if sys.platform == "win32" else "kernel.so")
FLAGS = (
    *("-std=c11", "-O3", "-fvisibility=hidden"),
    *([] if sys.platform == "win32" else ["-fPIC"]),
    *("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"),
)
WIDTHS = {
    "x86_64": (
        ["-march=x86-64"],
        ["-march=x86-64-v3"],
        ["-march=x86-64-v4", "-mprefer-vector-width=512"],
    ),
}
"""Flags of each width of vectors; `cpu.c` tells which a machine can run."""
ZIG = [sys.executable, "-m", "ziglang", "cc"]


def compiler() -> list[str]:
    """Return the command of the C compiler; an empty one if there is none."""
    if named := os.environ.get("CC"):
        return shlex.split(named)
    if found := shutil.which("cc"):
        return [found]
    return ZIG if find_spec("ziglang") else []


def build() -> None:
    """Build the library beside its source."""
    command = compiler()
    if not command:
        sys.exit("ReliefPath needs a C compiler to build: install one, or `pip install ziglang`.")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    with tempfile.TemporaryDirectory() as folder:
        objects = [_compiled(command, "cpu.c", [], Path(folder, "cpu.o"))]
        for n, flags in enumerate(WIDTHS.get(machine, ([],))):
            named = [f"-DNAMED(name)=name##_{n}", *flags]
            objects.append(_compiled(command, "kernel.c", named, Path(folder, f"kernel_{n}.o")))
        made = Path(folder, LIBRARY.name)
        subprocess.run([*command, "-shared", *objects, "-o", made, "-lm"], check=True)
        LIBRARY.unlink(missing_ok=True)  # one that is in use stays whole
        shutil.copy(made, LIBRARY)


def _compiled(command: list[str], name: str, flags: list[str], made: Path) -> Path:
    if command == ZIG:  # it spells processors its own way
        flags = [flag.replace("x86-64", "x86_64").replace("_64-v", "_64_v") for flag in flags]
    subprocess.run([*command, *FLAGS, *flags, "-c", SOURCE / name, "-o", made], check=True)
    return made


class CustomBuildHook(BuildHookInterface[Any]):
    """Puts the library into the wheel."""

    def dependencies(self) -> list[str]:
        """Return what the build needs besides hatchling."""
        return [] if compiler() else ["ziglang>=0.13"]

    def initialize(self, _version: str, build_data: dict[str, Any]) -> None:
        """Build the library, and name the platform that the wheel is for."""
        build()
        build_data["artifacts"].append(str(LIBRARY.relative_to(ROOT)))
        build_data["pure_python"] = False
        kind = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{kind}"


if __name__ == "__main__":
    build()
