"""One client's part in a round, from an offer to an answer that is on its way."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from skywright.errors import InputError
from skywright.foundry.federate_http import Post
from skywright.foundry.federate_message import unpacked
from skywright.foundry.federate_publish import rows_of
from skywright.foundry.federate_rounds import take_part
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import recipe_of


def answered(
    client: str,
    key: bytes,
    data: str,
    source: tuple[str, Path | None],
    outbox: Path,
    *,
    proximal: float = 0.0,
) -> dict[str, Any]:
    """Answer a round and send what can be sent.

    Parameters
    ----------
    client, key : str, bytes
        Who answers.
    data : str
        Dataset or file of this machine; all of it stays here.
    source : tuple
        Address of the coordinator, or the file of an offer; the other one is empty.
    outbox : pathlib.Path
        Folder of answers that wait to be sent.
    proximal : float
        mu of FedProx.

    Returns
    -------
    dict
        ``round``, ``update`` (its file, if it still is there), and what `Post.send` tells.

    Raises
    ------
    InputError
        If neither or both of address and file are given.
    """
    url, file = source
    if bool(url) == (file is not None):
        message = "A client needs either the address of a coordinator or the file of an offer."
        raise InputError(message, hint="Give --url or --offer.")
    post = Post(url, client, key, outbox)
    offer = file.read_bytes() if file is not None else post.fetch()
    header, _ = unpacked(offer, {client: key})
    rows = rows_of(Workplace.of(), recipe_of(header.recipe, "of the federation"), data)
    with TemporaryDirectory(prefix="skywright-federation-") as scratch:
        update = take_part(offer, client, key, rows, Path(scratch) / "own", proximal=proximal)
    kept = post.keep(update)
    sent = post.send() if url else {"sent": [], "refused": [], "kept": [kept.name]}
    return {"round": header.round, "update": str(kept) if kept.exists() else None, **sent}
