"""Files of tools as other assistants get them: pictures, tables as CSV, references."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from skywright.assistant.messages import Artifact, ToolResult
from skywright.errors import LimitError, NotFoundError

if TYPE_CHECKING:
    from mcp_types import (
        BlobResourceContents,
        ContentBlock,
        EmbeddedResource,
        ImageContent,
        Resource,
        ResourceLink,
        TextResourceContents,
    )

MOST_PICTURE_BYTES = 1024 * 1024
"""Largest picture that is sent along; a larger one can be read."""
MOST_TEXT_BYTES = 16 * 1024
"""Largest table that is sent along; a larger one can be read."""
MOST_READ_BYTES = 8 * 1024 * 1024
"""Largest file that can be read."""

_SCHEME = "skywright://files/"
_TEXTS = ("text/", "application/x-bibtex", "application/json")


def content_of(result: ToolResult) -> list[ContentBlock]:
    """Return the text with what a careful reader must know, then the files."""
    from mcp_types import TextContent

    words = [result.text, *(f"Note: {one}" for one in result.warnings)]
    words += [f"Source: {one.title}." for one in result.origins]
    content: list[ContentBlock] = [TextContent(type="text", text="\n".join(words))]
    # A file is gone if so many sessions came after this one.
    content += [_block(made) for made in result.artifacts if Path(made.path).is_file()]
    return content


def listed(files: Sequence[Artifact]) -> list[Resource]:
    """Return files as what a client may read."""
    from mcp_types import Resource

    return [
        Resource(
            uri=_uri(one),
            name=one.id,
            title=one.title,
            mime_type=one.media_type,
            size=one.size_bytes,
        )
        for one in files
        if Path(one.path).is_file()
    ]


def read(uri: str, files: Sequence[Artifact]) -> TextResourceContents | BlobResourceContents:
    """Return the content of a file of this session.

    Raises
    ------
    NotFoundError
        If the session has no such file.
    LimitError
        If it is too large to be sent.
    """
    made = next((one for one in files if _uri(one) == uri), None)
    if made is None or not Path(made.path).is_file():
        message = f"This session has no file {uri[:200]!r}."
        raise NotFoundError(message, hint="resources/list names those there are.")
    if made.size_bytes > MOST_READ_BYTES:
        message = f"{made.id} has {made.size_bytes} bytes; up to {MOST_READ_BYTES} are sent."
        raise LimitError(message, hint=f"On the machine of the server it is {made.path}.")
    return _content(made)


def _uri(made: Artifact) -> str:
    return _SCHEME + quote(made.id, safe="")


def _block(made: Artifact) -> ImageContent | EmbeddedResource | ResourceLink:
    """Return a small file itself, and the address of a larger one."""
    from mcp_types import EmbeddedResource, ImageContent, ResourceLink

    if made.media_type.startswith("image/") and made.size_bytes <= MOST_PICTURE_BYTES:
        picture = base64.b64encode(Path(made.path).read_bytes()).decode()
        return ImageContent(type="image", data=picture, mime_type=made.media_type)
    if made.media_type.startswith(_TEXTS) and made.size_bytes <= MOST_TEXT_BYTES:
        return EmbeddedResource(type="resource", resource=_content(made))
    return ResourceLink(
        type="resource_link",
        uri=_uri(made),
        name=made.id,
        title=made.title,
        mime_type=made.media_type,
        size=made.size_bytes,
    )


def _content(made: Artifact) -> TextResourceContents | BlobResourceContents:
    from mcp_types import BlobResourceContents, TextResourceContents

    whole, uri, kind = Path(made.path).read_bytes(), _uri(made), made.media_type
    if kind.startswith(_TEXTS):
        text = whole.decode("utf-8", errors="replace")
        return TextResourceContents(uri=uri, mime_type=kind, text=text)
    blob = base64.b64encode(whole).decode()
    return BlobResourceContents(uri=uri, mime_type=kind, blob=blob)
