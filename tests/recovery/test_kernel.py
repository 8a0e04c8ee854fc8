"""The compiled loops: when they are loaded, how they are built, and that every width agrees."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import reliefpath
from reliefpath.recovery import Recovery, curve, forecast, learn, recover, weeks_until_clear
from reliefpath.recovery._kernel import compiled

ROOT = Path(__file__).parents[2]
ASK = "from reliefpath.recovery import recover; print(recover([0, 1], [0], [6], [10], [2]).low)"


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def answers() -> dict[str, bytes]:
    """The answers about a few hundred episodes, to the bit."""
    random = np.random.default_rng(1)
    counts = random.integers(0, 25, 300)
    offsets = np.append(0, np.cumsum(counts))
    weeks = np.concatenate([np.sort(random.uniform(0, 30, n)) for n in counts])
    burden = np.rint(np.clip(random.normal(4, 2, len(weeks)), 0, 10))
    effect = np.where(random.random(len(weeks)) < 0.1, 0.5, 0.0)
    columns = (offsets, weeks, burden, np.full(300, 10.0), np.full(300, 2.0))
    found: Recovery = recover(*columns, step=np.ones(300), effect=effect, threads=1)
    return {name: column.tobytes() for name, column in vars(found).items()}


def test_nothing_compiled_is_loaded_before_the_first_question() -> None:
    code = "import sys, reliefpath.recovery; print([m for m in sys.modules if 'compiled' in m])"
    assert python(code).stdout.strip() == "[]"


def test_every_width_that_this_machine_can_run_answers_alike_to_the_bit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    widest = compiled.widest_kernel()
    expected = answers()
    for width in range(widest):
        monkeypatch.setattr(compiled, "widest_kernel", lambda width=width: width)
        compiled.library.cache_clear()
        assert answers() == expected, width
    compiled.library.cache_clear()


def test_a_package_that_was_never_built_says_what_to_do(tmp_path: Path) -> None:
    package = tmp_path / "reliefpath"
    ignore = shutil.ignore_patterns("__pycache__", "kernel.so", "kernel.dll")
    shutil.copytree(Path(reliefpath.__file__).parent, package, ignore=ignore)
    finished = python(ASK, PYTHONPATH=str(tmp_path))
    assert finished.returncode != 0
    assert "Build it with `python hatch_build.py`" in finished.stderr


@pytest.mark.parametrize("clear", [(), (0.2,), (0.2, 0.5, 0.8)])
def test_the_loops_are_never_handed_less_than_they_read(clear: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="unpack"):
        weeks_until_clear([0, 1], [0.0], [6.0], [10.0], [2.0], clear=clear)  # type: ignore[arg-type]


@pytest.mark.long
def test_the_wheel_holds_the_library_and_names_its_platform(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert "-py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(tmp_path / "installed")
    library = compiled.LIBRARY.relative_to(ROOT / "src")
    assert (tmp_path / "installed" / library).is_file()
    found = python(ASK, PYTHONPATH=str(tmp_path / "installed"))
    assert found.stdout.strip() == "[0.]", found.stderr


@pytest.mark.long
def test_the_loops_touch_no_memory_but_their_own_and_overflow_nowhere(tmp_path: Path) -> None:
    """Under the sanitizers of GCC or Clang, which stop at the first fault."""
    runtime = sanitizer()
    if runtime is None:
        pytest.skip("no compiler with sanitizers here, GCC's or Clang's")
    package = tmp_path / "reliefpath"
    shutil.copytree(Path(reliefpath.__file__).parent, package)
    kernel = package / "recovery" / "_kernel"
    compile_kernel = ["cc", "-std=c11", "-g", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra"]
    checked = ["-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    for name, made in (("cpu.c", "cpu.o"), ("kernel.c", "kernel.o")):
        named = ["-DNAMED(name)=name##_0", "-c", str(kernel / name), "-o", str(tmp_path / made)]
        subprocess.run([*compile_kernel, *checked, *named], check=True)
    objects = [str(tmp_path / made) for made in ("cpu.o", "kernel.o")]
    library = str(kernel / compiled.LIBRARY.name)
    Path(library).unlink()
    subprocess.run([*compile_kernel, *checked, *objects, "-o", library, "-lm"], check=True)
    found = python(
        "from reliefpath.recovery._kernel import compiled\n"
        "compiled.widest_kernel = lambda: 0\n"
        "from tests.recovery.test_kernel import answers, others\n"
        "answers(), others(), print('clean', compiled.LIBRARY)",
        PYTHONPATH=f"{tmp_path}:{ROOT}",
        LD_PRELOAD=runtime,
        ASAN_OPTIONS="detect_leaks=0",
    )
    assert found.stdout.strip() == f"clean {library}", found.stderr[-4000:]


def sanitizer() -> str | None:
    """The runtime that has to be loaded before Python."""
    if shutil.which("cc") is None:
        return None
    asked = ["cc", "-print-file-name=libasan.so"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return told if Path(told).is_absolute() else None


def others() -> None:
    """Ask everything else that is compiled, of courses that are short, long, late and at ends."""
    random = np.random.default_rng(2)
    for n in (1, 2, 7, 300):
        weeks = np.sort(random.uniform(0, 600, n))
        burden = random.choice([0.0, 3.5, 10.0], n)
        effect = random.choice([0.0, 1.0], n)
        column = ([0, n], weeks, burden, [10.0])
        forecast(*column, [[0.0, weeks[-1] + 1, 1e5]], step=[1.0], effect=effect)
        weeks_until_clear(*column, [2.0], step=[1.0], effect=effect)
        curve(*column[1:3], 10.0, [-3.0, 0.0, 700.0], step=1.0, effect=effect)
        learn(*column, step=[1.0], effect=effect, rounds=1)
