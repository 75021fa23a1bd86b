"""Advice given on the command line is on record like that given over HTTP."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping
from typing import Any

CALLER = "command line"
"""Who asked, in the audit trail."""


def on_record(
    kind: str,
    subject: str,
    answer: Mapping[str, Any],
    models: Mapping[str, str],
    decision: Mapping[str, Any],
) -> str:
    """Put an analysis on record with a row of the audit trail; returns its id.

    The command stands for what was asked, and the answer names its data by hash: only hashes of
    both are kept.
    """
    from skywright.settings import get_settings
    from skywright.store.analyses import Analysis, record_analysis
    from skywright.store.database import Database

    analysis = Analysis(
        kind=kind,
        subject=subject,
        request=shlex.join(sys.argv[1:]).encode(),
        answer=json.dumps(answer, sort_keys=True, default=str).encode(),
        models=models,
        decision=decision,
    )
    database = Database.of(get_settings())
    try:
        return record_analysis(database, CALLER, analysis)
    finally:
        database.close()
