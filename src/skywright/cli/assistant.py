"""``skywright assistant``: how good its answers are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skywright.cli import examples
from skywright.cli.output import AsJson, emit_json

app = typer.Typer(
    help="The assistant: judge it, and make examples to train models with.", no_args_is_help=True
)
_evaluate = typer.Typer(help="Judge parts of the assistant.", no_args_is_help=True)
app.add_typer(_evaluate, name="evaluate")
app.add_typer(examples.app, name="examples")


@_evaluate.command()
def retrieval(
    corpus: Annotated[Path, typer.Option(help="Lines of JSON: id, text.")],
    queries: Annotated[Path, typer.Option(help="Lines of JSON: id, text.")],
    qrels: Annotated[Path, typer.Option(help="TSV with a header: query, passage, gain.")],
    lexical_only: Annotated[bool, typer.Option("--lexical-only", help="By words only.")] = False,
    weight: Annotated[float, typer.Option(min=0, max=1, help="Of meaning against words.")] = 0.8,
    per_question: Annotated[
        Path | None, typer.Option(help="Write a line of JSON for each question here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the search: nDCG@10, recall@5 and MRR@10 with their standard errors."""
    from skywright.assistant.evaluation import Task, evaluate_retrieval, write_lines
    from skywright.assistant.knowledge.minilm import MiniLM
    from skywright.cli.knowledge import told_progress

    report = evaluate_retrieval(
        Task(corpus, queries, qrels),
        None if lexical_only else MiniLM(),
        dense_weight=weight,
        on_progress=told_progress,
    )
    if per_question is not None:
        write_lines([one.to_dict() for one in report.judged], per_question)
    told = report.to_dict()
    if as_json:
        emit_json(told)
        return
    for name in ("ndcg_at_10", "recall_at_5", "mrr_at_10"):
        one = told[name]
        typer.echo(f"{name:12s} {one['mean']:.3f} +- {one['standard_error']:.3f}")
    legs = " and ".join(report.legs)
    typer.echo(f"{told['questions']} questions, {told['passages']} passages, by {legs}", err=True)


@_evaluate.command()
def answers(
    corpus: Annotated[Path, typer.Option(help="Lines of JSON: doc_id, text, format, title.")],
    questions: Annotated[
        Path, typer.Option(help="Lines of JSON: id, question, answerable, doc_id, answer.")
    ],
    lexical_only: Annotated[bool, typer.Option("--lexical-only", help="By words only.")] = False,
    per_question: Annotated[
        Path | None, typer.Option(help="Write a line of JSON for each question here.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Lines of an earlier run, to compare by question.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the quotes: verbatim, the right answer in them, silence where there is none."""
    from skywright.assistant.evaluating_answers import compare_answers, evaluate_answers
    from skywright.assistant.evaluation import write_lines
    from skywright.assistant.knowledge.minilm import MiniLM
    from skywright.cli.knowledge import told_progress

    embedder = None if lexical_only else MiniLM()
    report = evaluate_answers(corpus, questions, embedder, on_progress=told_progress)
    told = report.to_dict()
    if compare is not None:
        told["compared"] = compare_answers(compare, report)
    if per_question is not None:
        write_lines([one.to_dict() for one in report.judged], per_question)
    if as_json:
        emit_json(told)
        return
    for name in ("verbatim_quotes", "answer_in_quotes", "answer_in_top_5", "document_in_top_5"):
        one = told[name]
        typer.echo(f"{name:18s} {one['share']:.3f} ({one['of']})")
    abstention = told["abstention"]
    low, high = abstention["interval_95"]
    typer.echo(f"abstention AUROC   {abstention['auroc']:.3f} ({low:.3f} to {high:.3f})")
    for name, one in told.get("compared", {}).get("differences", {}).items():
        error = one["standard_error"]
        typer.echo(f"{name:18s} {one['mean']:+.3f} +- {error:.3f} against {compare}")


@_evaluate.command()
def tools(
    questions: Annotated[
        Path | None,
        typer.Option(help="Lines of JSON: question, intent or tool, arguments; ours if not given."),
    ] = None,
    ours: Annotated[
        str, typer.Option("--set", help="Of our questions: dev, held or blind.")
    ] = "dev",
    patterns_only: Annotated[
        bool, typer.Option("--patterns-only", help="Without likeness to example questions.")
    ] = False,
    per_question: Annotated[
        Path | None, typer.Option(help="Write a line of JSON for each question here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the rules: the right tool with the right arguments for each question."""
    from skywright.assistant.evaluating_tools import evaluate_tools, questions_of
    from skywright.assistant.evaluation import write_lines
    from skywright.assistant.knowledge.minilm import MiniLM

    asked = questions_of(questions or ours)
    told = evaluate_tools(asked, None if patterns_only else MiniLM.if_installed()).to_dict()
    if per_question is not None:
        write_lines(told["per_question"], per_question)
    if as_json:
        emit_json(told)
        return
    low, high = told["interval_95"]
    counts = f"{told['right']} of {told['questions']} right"
    typer.echo(f"intents {told['accuracy']:.3f} ({low:.3f} to {high:.3f}), {counts}")
    typer.echo(f"{told['wrong_calls']} would call another tool, or with other arguments")
    for one in told["confusions"]:
        typer.echo(f"{one['expected']:24s} taken for {one['got']:24s} {one['count']:3d}")
