"""The base of a language model: where it lies, how it is read, and that nothing is asked of a hub.

Weights are read from safetensors alone; a pickle is code and is refused.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.foundry.kinds.llm_params import Teaching
from skywright.foundry.kinds.tiny_base import tiny_base, without_bars
from skywright.foundry.run import Run

TINY = "tiny"
"""Name of the base that is made on the spot."""

COPIED_BELOW = 256 * 1024 * 1024
"""Bytes below which a base is copied into the folder of its adapter."""

_INSIDE = "base"
_ENDS = 1 << 20  # bytes at either end of a large file that its fingerprint is made of
_WHOLE_BELOW = 1 << 24
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True, slots=True)
class Base:
    """A model that another is made from."""

    name: str
    """As the recipe names it."""
    source: str
    """Folder, or name on the hub."""
    revision: str = ""
    """Commit on the hub."""
    fingerprint: str = ""
    """Hash of a local folder."""

    @property
    def local(self) -> bool:
        """Whether it lies on this machine, so that no hub is asked."""
        return Path(self.source).is_dir()

    def told(self) -> dict[str, str]:
        """Return what a model folder remembers of it."""
        return {
            "name": self.name,
            "source": self.source,
            "revision": self.revision,
            "fingerprint": self.fingerprint,
        }


def base_of(run: Run, teaching: Teaching, texts: Sequence[str]) -> Base:
    """Find the base of a run, or make it.

    Parameters
    ----------
    run : Run
        A tiny base is made below its folder, or taken from its last checkpoint or the model that it
        goes on from, whose words no other base would know.
    teaching : Teaching
        Names the base.
    texts : sequence of str
        What a tiny base is made from.

    Raises
    ------
    NotFoundError
        If it looks like a folder and is none.
    InputError
        If the folder holds no model in safetensors.
    """
    if teaching.base == TINY:
        bases = run.log_path.parent / "bases"
        inside = _of_checkpoint(run, bases) or _of_start(run) or tiny_base(bases, texts)
        return Base(TINY, str(inside), fingerprint=fingerprint(inside))
    folder = Path(teaching.base).expanduser()
    if folder.is_dir():
        refuse_unsafe(folder)
        return Base(teaching.base, str(folder.resolve()), fingerprint=fingerprint(folder))
    if teaching.base.startswith((".", "/", "~")) or teaching.base.count("/") > 1:
        message = f"The base {teaching.base} is not a folder."
        raise NotFoundError(message, hint="Name a folder, 'tiny', or a model as owner/name.")
    return Base(teaching.base, teaching.base, revision=teaching.revision)


def is_local(name: str) -> bool:
    """Tell whether a base of this name needs no hub."""
    return name == TINY or Path(name).expanduser().is_dir()


def keep_base(base: Base, folder: Path) -> dict[str, str]:
    """Copy a small local base into a folder, and return what to remember of it."""
    if not base.local or _size(Path(base.source)) > COPIED_BELOW:
        return base.told()
    shutil.copytree(base.source, folder / _INSIDE, dirs_exist_ok=True)
    return base.told() | {"source": _INSIDE}


def kept_base(told: dict[str, str], folder: Path) -> Base:
    """Return the base that a model folder remembers.

    Raises
    ------
    NotFoundError
        If it was a folder that is gone.
    InputError
        If it is not what it was when the adapter was made.
    """
    inside = folder / _INSIDE
    source = str(inside) if told["source"] == _INSIDE else told["source"]
    base = Base(told["name"], source, told["revision"], told["fingerprint"])
    if told["fingerprint"] and not base.local:
        message = f"The base {source} of this adapter is no longer there."
        raise NotFoundError(message, hint="Put it back, or train the adapter again.")
    if base.local and told["fingerprint"] != fingerprint(Path(source)):
        message = f"The base {source} is not the one this adapter was made for."
        raise InputError(message, hint="Put the right one back, or train the adapter again.")
    return base


def read_model(base: Base, **given: Any) -> Any:
    """Return the weights of a base as a causal language model.

    Raises
    ------
    InputError
        If it is no causal language model in safetensors.
    SourceError
        If it is on the hub and cannot be had.
    """
    from transformers import AutoModelForCausalLM

    return _read(AutoModelForCausalLM, base, use_safetensors=True, **given)


def read_tokenizer(base: Base) -> Any:
    """Return the tokenizer of a base, with a token to fill up with; raises like `read_model`."""
    from transformers import AutoTokenizer

    tokenizer = _read(AutoTokenizer, base)
    if tokenizer.eos_token is None:
        message = f"The tokenizer of {base.name} knows no end of a text."
        raise InputError(message, hint="Set eos_token in its tokenizer_config.json.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _read(kind: Any, base: Base, **given: Any) -> Any:
    where = {"local_files_only": True} if base.local else {"revision": base.revision or None}
    without_bars()
    try:
        return kind.from_pretrained(base.source, trust_remote_code=False, **where, **given)
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0][:300]
        if base.local:
            message = f"The base {base.name} cannot be read: {first}"
            raise InputError(message) from error
        message = f"The base {base.name} cannot be had from the hub: {first}"
        raise SourceError(message, hint="Is the name right, and the hub reachable?") from error


def refuse_unsafe(folder: Path) -> None:
    """Refuse a folder without configuration or without weights in safetensors."""
    if not (folder / "config.json").is_file():
        message = f"The folder {folder} holds no config.json, so it is no model."
        raise InputError(message)
    if not any(folder.glob("*.safetensors")):
        message = f"The folder {folder} holds no weights in safetensors."
        raise InputError(message, hint="Weights in pickles run code when they are read: convert.")


def fingerprint(folder: Path) -> str:
    """Return a hash of names, sizes and contents; of large files both ends count."""
    told = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        size = path.stat().st_size
        told.update(f"{path.name} {size}\n".encode())
        with path.open("rb") as stream:
            told.update(stream.read(_WHOLE_BELOW if size <= _WHOLE_BELOW else _ENDS))
            if size > _WHOLE_BELOW:
                stream.seek(-_ENDS, os.SEEK_END)
                told.update(stream.read(_ENDS))
    return told.hexdigest()


@contextmanager
def offline(*, on: bool) -> Iterator[None]:
    """Keep the libraries from asking a hub for as long as a run lasts."""
    if not on:
        yield
        return
    import huggingface_hub.constants as hub

    before = {name: os.environ.get(name) for name in _OFFLINE}
    was = hub.HF_HUB_OFFLINE
    os.environ.update(_OFFLINE)
    hub.HF_HUB_OFFLINE = True  # read once, when the library is imported
    try:
        yield
    finally:
        hub.HF_HUB_OFFLINE = was
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def without_foreign_warnings() -> Iterator[None]:
    """Keep quiet what libraries say to one another about names that will change."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|peft")
        warnings.filterwarnings("ignore", message="Position ids are not supported")
        yield


def _of_checkpoint(run: Run, folder: Path) -> Path | None:
    """Return a copy of the tiny base of the last checkpoint, which itself will make room."""
    found = run.resume()
    if found is None or not (found / _INSIDE).is_dir():
        return None
    copy: Path = shutil.copytree(found / _INSIDE, folder / "resumed", dirs_exist_ok=True)
    return copy


def _of_start(run: Run) -> Path | None:
    """Return the tiny base of the model to go on from; a model that is whole is its own."""
    if run.start is None:
        return None
    inside = run.start / _INSIDE
    return inside if inside.is_dir() else run.start


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
