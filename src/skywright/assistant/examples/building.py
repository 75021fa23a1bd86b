"""Build a file of examples: scenes are written, gates refuse, and a report counts what they did."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from skywright.assistant.examples.duplicates import F32, Embedder, Seen
from skywright.assistant.examples.example import (
    CATEGORIES,
    Category,
    Example,
    Part,
    RefusedError,
)
from skywright.assistant.examples.executing import Executor
from skywright.assistant.examples.gates import Ground, pass_gates
from skywright.assistant.examples.loopback import no_pauses, settings_of_the_process
from skywright.assistant.examples.reporting import Order, Report, versions
from skywright.assistant.examples.scene import Scene, Stage
from skywright.assistant.examples.splitting import Leaks, Splits, held_out
from skywright.assistant.examples.subjects import Pools, launch_logs, read_pools
from skywright.assistant.examples.templates.every import TEMPLATES
from skywright.assistant.examples.turns import Turn, Turns
from skywright.assistant.examples.working import Tried, WorkingFile
from skywright.assistant.knowledge.minilm import MiniLM
from skywright.assistant.tools import running
from skywright.assistant.tools.desk import Desk
from skywright.errors import InputError, SkywrightError
from skywright.foundry.collect.public import collect_public
from skywright.settings import Settings
from skywright.sources import tap
from skywright.sources.adql_names import Known
from skywright.sources.collecting import Wish, collector_named, visiting
from skywright.sources.sandbox import catalogues
from skywright.sources.sandbox.running import Options, Sandbox, running_sandbox

_BATCH = 24
_OWN = frozenset({".py", ".toml"})
_WORKERS = 2  # one writes while the other waits for a block
_FAULTS = {"gaia": "html", "simbad": "empty", "ads": "expired-token", "arxiv": "html"}
"""Of the services of the templates that let one fail; all are told at once, without a retry."""
_TAPS = ("gaia", "simbad", "vizier", "exoplanets", "cadc", "mast")
Progress = Callable[[str, int, int], None]


def build(
    order: Order,
    *,
    embedder: Embedder | None = None,
    is_plain: bool = False,
    on_progress: Progress = lambda *_: None,
) -> Report:
    """Build examples on a sandbox of the given catalogues and write them, one JSON a line.

    Parameters
    ----------
    order : Order
        What, of what, and where to.
    embedder : Embedder, optional
        For near-duplicates; MiniLM where it is installed.
    is_plain : bool
        Use shingles of words instead of an embedder.
    on_progress : callable
        Told the category, how many examples there are and how many are wanted.

    Raises
    ------
    NotFoundError
        If catalogues are missing; the hint says how they are installed.
    InputError
        If the count or a folder is not allowed; nothing is written.
    SkywrightError
        If no example passed the gates.
    """
    if order.count < len(CATEGORIES):
        message = f"count = {order.count} is not allowed; there are {len(CATEGORIES)} categories."
        raise InputError(message)
    started = time.monotonic()
    pools = read_pools(order.folders, order.seed)
    seen = Seen(None if is_plain else embedder or MiniLM.if_installed())
    report = Report(order, pools.hashes, seen.method)
    with WorkingFile(working_path(order.out), _depends_on(order, pools)) as working:
        report.gone_on_from = working.found
        with _scratch(order.out) as scratch:
            options = Options(cache=scratch / "cache")
            failing = Options(cache=scratch / "cache-failing", faults=_FAULTS)
            with (
                running_sandbox(order.folders, options=options) as sandbox,
                running_sandbox(options=failing) as broken,
                no_pauses(sandbox.url, broken.url),
            ):
                about, memory = (report, pools), (seen, working)
                builder = _Builder((sandbox, broken), scratch, about, memory)
                with settings_of_the_process(builder.settings):
                    builder.run(on_progress)
        report.seconds = time.monotonic() - started
        _write(report)
        working.remove()
    return report


def working_path(out: Path) -> Path:
    """Return the file in which a build keeps what it has tried, until its output is whole."""
    return out.with_name(out.name + ".working")


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """Make a folder beside the output for what is needed while it is built.

    It lies there, and not among temporary files, so that what a killed build left is found.
    """
    folder = out.with_name(out.name + ".scratch").resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _depends_on(order: Order, pools: Pools) -> dict[str, Any]:
    """Return what the examples of a build depend on, so that no other is gone on with."""
    own = sorted(one for one in Path(__file__).parent.rglob("*.*") if one.suffix in _OWN)
    return {
        "seed": order.seed,
        "count": order.count,
        "versions": versions(),
        "pools": hashlib.sha256(repr(sorted(pools.by_kind.items())).encode()).hexdigest(),
        "data": dict(pools.hashes),
        "templates": hashlib.sha256(b"".join(one.read_bytes() for one in own)).hexdigest(),
    }


class _Builder:
    """Writes examples of each category until there are enough."""

    def __init__(
        self,
        sandboxes: tuple[Sandbox, Sandbox],
        scratch: Path,
        about: tuple[Report, Pools],
        memory: tuple[Seen, WorkingFile],
    ) -> None:
        self._sandbox, self._broken = sandboxes
        self._scratch = scratch
        self._report, self._pools = about
        self._seen, self._working = memory
        self._leaks = Leaks()
        self.settings = _settings(self._sandbox, scratch)
        seed = self._report.order.seed
        names = held_out(((one.name, one.category) for one in TEMPLATES), seed)
        self._splits = Splits(seed, names, _crowded(self._pools))

    def run(self, on_progress: Progress) -> None:
        """Write all categories."""
        _install(self._report.order.folders, self.settings.catalogues_dir)
        for source in self._asked_often():  # once, instead of at every question
            collect_public(source, Wish(), self.settings)
        environment = self._sandbox.environment()
        environment["SKYWRIGHT_DATA_DIR"] = str(self._scratch / "blocks")
        specs = {one.name: one for one in running.specs()}
        with Executor(environment) as executor:
            broken = self._broken.settings_overrides
            stage = Stage(specs, executor, broken, _real_addresses(self._sandbox, self._broken))
            folder = self._scratch / "desk"
            ground = Ground(specs, self._columns(), lambda source: executor.run(source, folder))
            with ThreadPoolExecutor(_WORKERS) as workers:
                for category in CATEGORIES:
                    self._fill(category, (stage, ground), workers, on_progress)

    def _asked_often(self) -> list[str]:
        """Return the sources whose whole tables answer questions, as far as there are any."""
        logs = ["gcat"] if launch_logs(self._report.order.folders) else []
        sets = ["celestrak"] if self._pools.by_kind.get("satellite") else []
        return ["exoplanets", *logs, *sets]

    def _fill(
        self,
        category: Category,
        tools: tuple[Stage, Ground],
        workers: ThreadPoolExecutor,
        on_progress: Progress,
    ) -> None:
        wanted = self._report.order.wanted()[category]
        mine = [one for one in TEMPLATES if one.category == category]
        most = self._report.order.most_of_one_template()
        turns = Turns(mine, self._pools.by_kind, self._splits, most)
        made: Counter[str] = Counter()
        while made.total() < wanted and (
            batch := turns.batch(min(_BATCH, wanted - made.total()), made)
        ):
            written = self._passed(category, workers.map(partial(self._made, tools), batch))
            examples, vectors = zip(*written, strict=True) if written else ((), ())
            kept, refused = self._seen.sift(examples, vectors)
            for one, error in refused:
                self._report.refuse(category, one.template, error)
            made.update(one.template for one in kept)
            self._report.written += kept
            on_progress(category, made.total(), wanted)

    def _passed(
        self, category: Category, attempts: Iterable[tuple[Tried, F32 | None]]
    ) -> list[tuple[Example, F32 | None]]:
        """Return the examples that are no leak, and count what was refused."""
        passed: list[tuple[Example, F32 | None]] = []
        for one, vector in attempts:
            try:
                if isinstance(one.outcome, RefusedError):
                    raise one.outcome
                self._leaks.check(one.outcome)
            except RefusedError as error:
                self._report.refuse(category, one.template, error)
            else:
                passed.append((one.outcome, vector))
        return passed

    def _made(self, tools: tuple[Stage, Ground], turn: Turn) -> tuple[Tried, F32 | None]:
        """Return an attempt, and what its meaning is compared by: the workers share this too."""
        tried = self._tried(tools, turn)
        outcome = tried.outcome
        return tried, self._seen.vector_of(outcome) if isinstance(outcome, Example) else None

    def _tried(self, tools: tuple[Stage, Ground], turn: Turn) -> Tried:
        """Return an attempt of a build that was stopped, or make it and keep it."""
        tried = self._working.tried(turn.named)
        if tried is None:
            tried = Tried(turn.named, turn.template.name, self._attempt(tools, turn))
            self._working.keep(tried)
        return tried

    def _attempt(self, tools: tuple[Stage, Ground], turn: Turn) -> Example | RefusedError:
        """Write one example and hold it against the gates; the error where one refuses it."""
        (stage, ground), template = tools, turn.template
        folder = self._scratch / "desks" / turn.named.replace(" ", "-")
        draw = random.Random(f"{self._report.order.seed} {turn.named}")  # noqa: S311
        part = self._splits.part_of(turn.subjects[0].key)
        scene = Scene(stage, Desk(folder, self.settings), draw, template.name, part)
        try:
            template.write(scene, turn.subjects)
            example = scene.finish(template.category, turn.subjects)
            pass_gates(example, ground)
        except RefusedError as error:
            return error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return example

    def _columns(self) -> dict[str, Known]:
        """Return the columns of the tables of each service, as it tells them itself."""
        known: dict[str, Known] = {}
        for name in _TAPS:
            with visiting(collector_named(name, self.settings), self.settings) as there:
                known[name] = tap.tables(there)
        return known


def _settings(sandbox: Sandbox, scratch: Path) -> Settings:
    """Return settings that lead to the sandbox, and nowhere else."""
    ours: dict[str, Any] = {"data_dir": scratch / "data", "catalogues_dir": scratch / "catalogues"}
    return Settings(**(ours | _closed(sandbox) | sandbox.settings_overrides))


def _closed(sandbox: Sandbox) -> dict[str, str]:
    """Return addresses without an answer for all services."""
    return {name: f"{sandbox.url}/not-here/{name}" for name in _real()}


def _real() -> dict[str, str]:
    """Return the addresses of the real services by setting."""
    defaults = ((name, str(field.default)) for name, field in Settings.model_fields.items())
    return {name: of for name, of in defaults if name.endswith("_url") and of.startswith("https:")}


def _real_addresses(*sandboxes: Sandbox) -> dict[str, str]:
    """Return the address of each service by that of its stand-ins, the longest first."""
    real = _real()
    pairs = {
        here: real[name]
        for one in sandboxes
        for name, here in (_closed(one) | one.settings_overrides).items()
        if name in real
    }
    return dict(sorted(pairs.items(), key=lambda pair: -len(pair[0])))


def _install(folders: Sequence[Path], into: Path) -> None:
    """Put the catalogue of names where tools look for it; stars are asked for at the sandbox."""
    into.mkdir(parents=True)
    for file in catalogues.find(folders).openngc:
        shutil.copyfile(file, into / file.name)


def _crowded(pools: Pools) -> dict[str, Part]:
    """Return the parts of keys that are shared by many fields: these are for training."""
    counts = Counter(one.key for one in pools.by_kind.get("field", ()))
    return {key: "train" for key, count in counts.items() if count > 1}


def _write(report: Report) -> None:
    """Write the file whole or not at all, in an order that mixes the categories."""
    if not report.written:
        message = "No example passed the gates; nothing was written."
        told = "; ".join(f"{gate}: {next(iter(one))}" for gate, one in report.reasons.items())
        raise SkywrightError(message, hint=told[:500])
    rows = [one.row() for one in report.written]
    random.Random(report.order.seed).shuffle(rows)  # noqa: S311 - an order, no secret
    out = report.order.out
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    try:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        partial.write_text(text, encoding="utf-8")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)
