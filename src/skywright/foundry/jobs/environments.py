"""Environments of their own for recipes that name requirements."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from skywright.errors import InputError

_TOLD = 300


def python_for(requirements: Sequence[str], root: Path) -> Path:
    """Return the interpreter of an environment with some requirements over those of this one.

    Parameters
    ----------
    requirements : sequence of str
        As pip writes them.
    root : pathlib.Path
        Folder of the environments; one is made when first asked for, and kept.

    Raises
    ------
    InputError
        If pip cannot install them; nothing of the environment stays.
    """
    for requirement in requirements:
        if requirement.startswith("-"):
            message = f"run.env names requirements such as 'peft==0.21.2', not {requirement!r}."
            raise InputError(message)
    text = "\n".join([sys.version, *sorted(requirements)])
    place = root / hashlib.sha256(text.encode()).hexdigest()[:16]
    python = place / "bin" / "python"
    if not (place / "complete").is_file():
        shutil.rmtree(place, ignore_errors=True)
        _make(place, python, requirements)
    return python


def _make(place: Path, python: Path, requirements: Sequence[str]) -> None:
    try:
        _run(sys.executable, "-m", "venv", str(place))
        inherited = sysconfig.get_paths()["purelib"]
        found = next((place / "lib").glob("python*/site-packages"))
        line = f"import site; site.addsitedir({inherited!r})\n"
        (found / "inherited.pth").write_text(line, encoding="utf-8")
        _run(str(python), "-m", "pip", "install", "--quiet", *requirements)
    except InputError:
        shutil.rmtree(place, ignore_errors=True)
        raise
    (place / "complete").touch()


def _run(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        told = done.stderr.strip()[-_TOLD:]
        message = f"The environment of the recipe could not be made: {told}"
        raise InputError(message, hint="Check run.env of the recipe.")
