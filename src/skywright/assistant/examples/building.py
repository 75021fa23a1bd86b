"""Build a file of examples: scenes are written, gates refuse, and a report counts what they did."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

from skywright import __version__
from skywright.assistant.examples.duplicates import Embedder, Seen
from skywright.assistant.examples.example import (
    CATEGORIES,
    LEAST,
    Category,
    Example,
    Part,
    RefusedError,
)
from skywright.assistant.examples.executing import Executor
from skywright.assistant.examples.gates import Ground, pass_gates
from skywright.assistant.examples.scene import Scene, Stage
from skywright.assistant.examples.splitting import Leaks, Splits, held_out
from skywright.assistant.examples.subjects import Pools, Subject, launch_logs, read_pools
from skywright.assistant.examples.templates.every import TEMPLATES
from skywright.assistant.examples.templates.template import Template
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
_REASONS = 6
_COLLECTED = ("exoplanets",)
_WORKERS = 2  # one writes while the other waits for a block
_ROUNDS = 3  # times that a template goes through its subjects, with other words
_PACKAGES = ("astropy", "pyvo", "numpy", "matplotlib", "queryparser-python3", "polars")
_TAPS = ("gaia", "simbad", "vizier", "exoplanets", "cadc", "mast")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built."""

    out: Path
    count: int = sum(LEAST.values())
    """Examples in all, shared out among the categories as `LEAST` is."""
    seed: int = 1
    folders: tuple[Path, ...] = ()
    """Catalogues and recorded answers."""

    def wanted(self) -> dict[Category, int]:
        """Return how many examples of each category are wanted."""
        whole = sum(LEAST.values())
        return {name: max(1, -(-self.count * LEAST[name] // whole)) for name in CATEGORIES}


@dataclass(slots=True)
class Report:
    """What was built, and what the gates refused."""

    order: Order
    pools: Pools
    near_duplicates: str
    written: list[Example] = field(default_factory=list)
    refused: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: float = 0.0

    def refuse(self, category: Category, error: RefusedError) -> None:
        """Count a refusal."""
        self.refused[error.gate][category] += 1
        self.reasons[error.gate][str(error)[:160]] += 1

    def short(self) -> dict[str, int]:
        """Return how many examples are missing, by category."""
        there = Counter(one.category for one in self.written)
        wanted = self.order.wanted()
        return {name: n - there[name] for name, n in wanted.items() if there[name] < n}

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain values."""
        count = Counter[str]
        return {
            "file": self.order.out.name,
            "examples": len(self.written),
            "short": self.short(),
            "by_category": dict(count(one.category for one in self.written)),
            "by_split": dict(count(one.part for one in self.written)),
            "by_template": dict(count(one.template for one in self.written)),
            "test_templates": sorted({o.template for o in self.written if o.part == "test"}),
            "objects": len({key for one in self.written for key in one.subjects}),
            "with_code": sum(bool(one.codes) for one in self.written),
            "with_adql": sum(
                any(run.call.tool == "run-adql" for run in one.runs) for one in self.written
            ),
            "refused": {
                gate: {
                    "by_category": dict(self.refused[gate]),
                    "reasons": dict(self.reasons[gate].most_common(_REASONS)),
                }
                for gate in sorted(self.refused)
            },
            "near_duplicates_by": self.near_duplicates,
            "seed": self.order.seed,
            "versions": {"skywright": __version__, **_versions()},
            "data_sha256": dict(self.pools.hashes),
            "seconds": round(self.seconds, 1),
        }


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
    report = Report(order, pools, seen.method)
    with tempfile.TemporaryDirectory(prefix="skywright-build-") as scratch:
        options = Options(cache=Path(scratch) / "cache")
        with running_sandbox(order.folders, options=options) as sandbox:
            _Builder(sandbox, Path(scratch), report, seen).run(on_progress)
    report.seconds = time.monotonic() - started
    _write(report)
    return report


class _Builder:
    """Writes examples of each category until there are enough."""

    def __init__(self, sandbox: Sandbox, scratch: Path, report: Report, seen: Seen) -> None:
        self._sandbox = sandbox
        self._scratch = scratch
        self._report = report
        self._seen = seen
        self._leaks = Leaks()
        self._settings = _settings(sandbox, scratch)
        seed = report.order.seed
        names = held_out(((one.name, one.category) for one in TEMPLATES), seed)
        self._splits = Splits(seed, names, _crowded(report.pools))

    def run(self, on_progress: Progress) -> None:
        """Write all categories."""
        _install(self._report.order.folders, self._settings.catalogues_dir)
        logs = ("gcat",) if launch_logs(self._report.order.folders) else ()
        for source in (*_COLLECTED, *logs):  # once, instead of at every question
            collect_public(source, Wish(), self._settings)
        environment = self._sandbox.environment()
        environment["SKYWRIGHT_DATA_DIR"] = str(self._scratch / "blocks")
        specs = {one.name: one for one in running.specs()}
        with Executor(environment) as executor:
            stage = Stage(specs, executor)
            folder = self._scratch / "desk"
            ground = Ground(specs, self._columns(), lambda source: executor.run(source, folder))
            with ThreadPoolExecutor(_WORKERS) as workers:
                for category in CATEGORIES:
                    self._fill(category, (stage, ground), workers, on_progress)

    def _fill(
        self,
        category: Category,
        tools: tuple[Stage, Ground],
        workers: ThreadPoolExecutor,
        on_progress: Progress,
    ) -> None:
        wanted = self._report.order.wanted()[category]
        drawn = enumerate(self._drawn(category))
        there = 0
        while there < wanted and (batch := list(islice(drawn, min(_BATCH, wanted - there)))):
            written = self._passed(category, workers.map(partial(self._tried, tools), batch))
            kept, refused = self._seen.sift(written)
            for _, error in refused:
                self._report.refuse(category, error)
            there += len(kept)
            self._report.written += kept
            on_progress(category, there, wanted)

    def _drawn(self, category: Category) -> Iterator[tuple[Template, list[Subject]]]:
        """Yield templates in turn with the next of their subjects, until none has any left."""
        used: Counter[str] = Counter()
        mine = [one for one in TEMPLATES if one.category == category]
        queues = {one.name: self._subjects(one) for one in mine}
        while mine:
            for template in list(mine):
                subjects = next(queues[template.name], None)
                if subjects is None or used[template.name] >= template.most:
                    mine.remove(template)
                    continue
                used[template.name] += 1
                yield template, subjects

    def _subjects(self, template: Template) -> Iterator[list[Subject]]:
        """Yield what a template may be about, in groups that are in one part."""
        pool = self._report.pools.by_kind.get(template.pool, ())
        waiting: dict[Part, list[Subject]] = defaultdict(list)
        start = random.Random(f"{self._report.order.seed} {template.name}").randrange(  # noqa: S311
            max(1, len(pool))
        )
        order = [*pool[start:], *pool[:start]]
        for subject in (one for _ in range(_ROUNDS) for one in order):
            if not self._splits.may(template.name, subject.key):
                continue
            group = waiting[self._splits.part_of(subject.key)]
            if subject.key not in {one.key for one in group}:
                group.append(subject)
            if len(group) == template.subjects:
                yield group.copy()
                group.clear()

    def _passed(self, category: Category, tried: Iterable[Example | RefusedError]) -> list[Example]:
        """Return the examples that are no leak, and count what was refused."""
        passed: list[Example] = []
        for one in tried:
            try:
                if isinstance(one, RefusedError):
                    raise one
                self._leaks.check(one)
            except RefusedError as error:
                self._report.refuse(category, error)
            else:
                passed.append(one)
        return passed

    def _tried(
        self, tools: tuple[Stage, Ground], item: tuple[int, tuple[Template, list[Subject]]]
    ) -> Example | RefusedError:
        """Write one example and hold it against the gates; the error where one refuses it."""
        (stage, ground), (number, (template, subjects)) = tools, item
        named = f"{template.category} {number}"
        folder = self._scratch / "desks" / named.replace(" ", "-")
        draw = random.Random(f"{self._report.order.seed} {named}")  # noqa: S311
        part = self._splits.part_of(subjects[0].key)
        scene = Scene(stage, Desk(folder, self._settings), draw, template.name, part)
        try:
            template.write(scene, subjects)
            example = scene.finish(template.category, subjects)
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
            with visiting(collector_named(name, self._settings), self._settings) as there:
                known[name] = tap.tables(there)
        return known


def _settings(sandbox: Sandbox, scratch: Path) -> Settings:
    """Return settings that lead to the sandbox, and nowhere else."""
    ours: dict[str, Any] = {"data_dir": scratch / "data", "catalogues_dir": scratch / "catalogues"}
    closed = {
        name: f"{sandbox.url}/not-here"
        for name, field in Settings.model_fields.items()
        if name.endswith("_url") and str(field.default).startswith("https://")
    }
    return Settings(**(ours | closed | sandbox.settings_overrides))


def _install(folders: Sequence[Path], into: Path) -> None:
    """Put the catalogue of names where tools look for it; stars are asked for at the sandbox."""
    into.mkdir(parents=True)
    for file in catalogues.find(folders).openngc:
        shutil.copyfile(file, into / file.name)


def _crowded(pools: Pools) -> dict[str, Part]:
    """Return the parts of keys that are shared by many fields: these are for training."""
    counts = Counter(one.key for one in pools.by_kind.get("field", ()))
    return {key: "train" for key, count in counts.items() if count > 1}


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


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
