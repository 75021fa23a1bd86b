"""Model cards, written from facts only: a section whose facts are missing is not there.

The sections follow Mitchell et al. (2019), Model cards for model reporting, FAT* 2019.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from skywright.foundry.evaluate.report import jsonable

CARD, FACTS = "card.md", "card.json"

_PICTURES = {
    "confusion": "Confusion matrix",
    "roc": "ROC curves beside baseline and champion",
    "precision_recall": "Precision and recall",
    "reliability": "Reliability of the probabilities",
    "residuals": "Residuals",
    "curves": "Learning curves",
    "slices": "The judging metric slice by slice",
}
_MOST_SLICES = 12


def write_card(folder: Path, facts: Mapping[str, Any]) -> Path:
    """Write ``card.md`` and ``card.json`` into a model folder.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the model; pictures are looked for in it and in ``report/`` below it.
    facts : mapping
        Whatever is known of: ``name``, ``version``, ``kind``, ``title``, ``specialization``,
        ``base_model``, ``recipe``, ``seed``, ``metrics``, ``baseline``, ``report``, ``gate``,
        ``data``, ``licences``, ``seconds``, ``peak_memory_mb``, ``hardware``, ``environment``,
        ``code_version``, ``made_utc``, ``job_id``.

    Returns
    -------
    pathlib.Path
        Of ``card.md``.
    """
    report = {**(facts.get("report") or {})}
    for key in ("metrics", "baseline"):
        report.setdefault(key, facts.get(key))
    sections = [
        _opening(facts),
        _section("Measured", _numbers(report)),
        _section("Compared", _comparisons(report)),
        _section("Gate", _gate(facts.get("gate") or {})),
        _section("Slices", _slices(report)),
        _section("Calibration", _calibration(report)),
        _section("Data", _data(facts, report)),
        _section("Compression", _compression(report)),
        _section("Made", _made(facts)),
        _section("Use and limits", _limits(facts, report)),
        _pictures(folder),
    ]
    text = "\n\n".join(section for section in sections if section) + "\n"
    told = json.dumps(jsonable(dict(facts)), indent=1, ensure_ascii=False, default=str)
    (folder / FACTS).write_text(told + "\n", encoding="utf-8")
    (folder / CARD).write_text(text, encoding="utf-8")
    return folder / CARD


def _opening(facts: Mapping[str, Any]) -> str:
    lines = [f"# {_plain(facts.get('name') or 'model')} {facts.get('version') or ''}".rstrip()]
    if facts.get("title"):
        lines.append(f"**Answers:** {_plain(facts['title'])}")
    recipe = facts.get("recipe") or {}
    rows = [
        ("Kind", facts.get("kind") or recipe.get("kind")),
        ("Meant for", facts.get("specialization")),
        ("Base model", facts.get("base_model")),
        ("Predicts", recipe.get("target")),
        ("Features", ", ".join(recipe.get("features") or ())),
    ]
    return "\n\n".join([*lines, _table(("", ""), [row for row in rows if row[1]])]).rstrip()


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    found = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows]
    if not found:
        return ""
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *found])


def _plain(value: Any) -> str:
    """Return a text that neither breaks a table nor a heading."""
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "not finite"
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _numbers(report: Mapping[str, Any]) -> str:
    """Return the metrics with intervals, beside those of the opponents."""
    metrics = report.get("metrics") or {}
    columns = {"this model": {"metrics": metrics, "intervals": report.get("intervals") or {}}}
    for key in ("baseline", "champion"):
        block = report.get(key)
        if isinstance(block, Mapping) and block:
            name = block.get("name") if key == "baseline" else block.get("version")
            columns[f"{key} {name}" if name else key] = dict(block)
    for name, block in (report.get("others") or {}).items():
        columns[name] = dict(block)
    rows = [
        [f"**{name}**" if name == report.get("metric") else name]
        + [_with_interval(block, name) for block in columns.values()]
        for name, value in metrics.items()
        if isinstance(value, (int, float)) or value is None
    ]
    told = _table(["metric", *map(_plain, columns)], rows)
    return f"{told}\n\n{_how(report)}".rstrip() if told else ""


def _with_interval(block: Mapping[str, Any], name: str) -> str:
    measured = block.get("metrics", block) or {}
    value, interval = measured.get(name), (block.get("intervals") or {}).get(name)
    if not isinstance(value, (int, float)):
        return ""
    text = _plain(float(value))
    if not interval or interval[0] == interval[1]:
        return text
    return f"{text} ({interval[0]:.4g} to {interval[1]:.4g})"


def _how(report: Mapping[str, Any]) -> str:
    told = []
    if report.get("metric"):
        told.append(f"Judged by {report['metric']}.")
    if report.get("intervals"):
        told.append("Intervals hold 95 %.")
    if drawn := report.get("resampling"):
        told.append(f"Resampled {drawn['draws']} times, by {drawn['rows_drawn']}.")
    return " ".join([*told, *(_sentence(note) for note in report.get("notes") or ())])


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _comparisons(report: Mapping[str, Any]) -> str:
    rows = []
    for key, told in (report.get("comparisons") or {}).items():
        if told.get("difference") is None:
            continue
        against = told.get("against") or key
        name = key if key == against else f"{key} {against}"
        rope = told.get("rope") or {}
        seen = f"{rope['verdict']} (± {rope['width']:g})" if rope else ""
        interval = f"{told['difference']:+.4g} ({told['low']:+.4g} to {told['high']:+.4g})"
        rows.append([name, told["metric"], interval, f"{told['p']:.2g}", seen, told["method"]])
    head = ("against", "metric", "this model minus it", "p", "in practice", "test")
    return _table(head, rows)


def _gate(gate: Mapping[str, Any]) -> str:
    if not gate:
        return ""
    rows = [
        ["holds" if one["holds"] else "**does not hold**", one["condition"], one["told"]]
        for one in gate.get("conditions") or ()
    ]
    state = f"**{_plain(gate['state'])}.**" if gate.get("state") else ""
    if gate.get("needs_person"):
        state += " A person must promote it."
    table = _table(("", "condition", "found"), rows)
    return "\n\n".join(
        part for part in (state.strip(), table or _plain(gate.get("reason"))) if part
    )


def _slices(report: Mapping[str, Any]) -> str:
    slices, metric = report.get("slices") or [], report.get("metric")
    if not slices:
        return ""
    rows = [
        [one["column"], one["value"], one["rows"], one["metrics"].get(metric)]
        for one in slices[:_MOST_SLICES]
    ]
    told = _table(("column", "value", "rows", str(metric)), rows)
    if len(slices) > _MOST_SLICES:
        told += f"\n\n{len(slices) - _MOST_SLICES} more are in {FACTS}."
    worst = report.get("worst_slice")
    if worst:
        value = _with_interval({**worst, "intervals": {metric: worst.get("interval")}}, str(metric))
        where = f"{_plain(worst['column'])} = {_plain(worst['value'])}"
        told += f"\n\n**Worst:** {where}, {metric} {value}, {worst['rows']} rows."
    return told


def _calibration(report: Mapping[str, Any]) -> str:
    told = report.get("calibration")
    if not told:
        return ""
    parts = told.get("brier_parts") or {}
    rows = [
        ("expected calibration error", told.get("ece")),
        ("slope (1 is honest)", told.get("slope")),
        ("intercept (0 is honest)", told.get("intercept")),
        ("reliability part of Brier (0 is best)", parts.get("reliability")),
        ("resolution part of Brier (more is better)", parts.get("resolution")),
    ]
    table = _table(("", ""), [row for row in rows if row[1] is not None])
    return f"Of the probability of {_plain(told.get('of'))}.\n\n{table}"


def _data(facts: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    data, recipe = facts.get("data") or {}, facts.get("recipe") or {}
    counts = report.get("rows") or {}
    rows = [
        ("Dataset", data.get("name") or recipe.get("data") or recipe.get("env")),
        ("Dataset id (hash of its manifest)", data.get("dataset_id")),
        ("Rows", ", ".join(f"{name} {count}" for name, count in counts.items())),
        ("Split", report.get("split")),
        ("Licences, from data to model", " → ".join(facts.get("licences") or ())),
    ]
    files = [(f"SHA-256 of {name}", digest) for name, digest in (data.get("files") or {}).items()]
    return _table(("", ""), [row for row in [*rows, *files] if row[1]])


def _compression(report: Mapping[str, Any]) -> str:
    rows = [
        [name, key, value]
        for name, losses in (report.get("compression") or {}).items()
        for key, value in (losses or {}).items()
        if isinstance(value, (int, float, str))
    ]
    onnx = report.get("onnx") or {}
    rows += [["onnx", key, value] for key, value in onnx.items() if not isinstance(value, dict)]
    return _table(("copy", "", ""), rows)


def _made(facts: Mapping[str, Any]) -> str:
    environment = facts.get("environment") or {}
    seconds = facts.get("seconds")
    rows = [
        ("When (UTC)", facts.get("made_utc")),
        ("Job", facts.get("job_id")),
        ("Seed", facts.get("seed")),
        ("Seconds", seconds),
        ("Peak memory [MB]", facts.get("peak_memory_mb")),
        ("Hardware", facts.get("hardware")),
        ("skywright", facts.get("code_version")),
        *environment.items(),
    ]
    table = _table(("", ""), [row for row in rows if row[1] is not None])
    recipe = facts.get("recipe") or {}
    params = json.dumps(recipe.get("params") or {}, ensure_ascii=False, default=str)
    shown = f"\n\nParameters: `{params}`" if recipe.get("params") and "`" not in params else ""
    return table + shown


def _limits(facts: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """Say what follows from the facts, and no more."""
    recipe = facts.get("recipe") or {}
    told = []
    if facts.get("specialization"):
        told.append(f"Meant for {_plain(facts['specialization'])} and measured for nothing else.")
    if (recipe.get("deploy") or {}).get("sign_off"):
        told.append("A person must sign before it is used, and stays answerable for what it says.")
    if report.get("split"):
        told.append(f"Numbers hold for rows like those of the split {_plain(report['split'])}.")
    if str(report.get("split", "")).startswith(("holdout", "stratified", "kfold")):
        told.append("Rows were divided at random: later times and new groups were not tried.")
    if report.get("split") and not report.get("slices"):
        told.append("No slices were measured: it may be worse for some of the rows.")
    if (report.get("champion") or {}).get("champion_may_have_seen_rows"):
        told.append("The champion may have learned from rows that judged it.")
    return "\n".join(f"* {line}" for line in told)


def _pictures(folder: Path) -> str:
    lines = []
    for name, title in _PICTURES.items():
        for path in (f"report/{name}.png", f"{name}.png"):
            if (folder / path).is_file():
                lines.append(f"![{title}]({path})")
                break
    return "\n\n".join(lines)
