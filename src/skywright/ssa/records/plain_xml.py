"""XML of messages, read without document types, entities or anything from outside."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, indent, tostring

from skywright.errors import InputError

SCHEMA = "https://sanaregistry.org/files/ndmxml_unqualified/ndmxml-3.0.0-master-3.0.xsd"
"""Where the standard's schema lies; it is told to readers, never fetched."""

_MESSAGES = ("aem", "apm", "cdm", "ocm", "oem", "omm", "opm", "rdm", "tdm")
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def tree_of(text: str, name: str) -> Element:
    """Return the root of a document, the tags of all its elements without their name spaces.

    Raises
    ------
    InputError
        If it is no XML, or declares a document type or an entity.
    """
    if "<!" in text.replace("<!--", ""):
        message = f"{name} declares a document type or an entity; plain XML is read."
        raise InputError(message)
    try:
        root = fromstring(text.strip())  # noqa: S314 - entities are refused
    except ParseError as error:
        message = f"{name} is not valid XML: {error}."
        raise InputError(message) from error
    for one in root.iter():
        one.tag = str(one.tag).rpartition("}")[2]
    return root


def messages_of(text: str, tag: str, name: str) -> list[Element]:
    """Return the messages of one kind in a document, alone or within ``ndm``.

    Raises
    ------
    InputError
        If it is no plain XML, there is none, or there are messages of other kinds beside them.
    """
    root = tree_of(text, name)
    found = [root] if root.tag == tag else root.findall(tag)
    if not found:
        message = f"{name} holds no {tag.upper()}: its root is <{root.tag}>."
        raise InputError(message)
    others = sorted({one.tag for one in root if one.tag in _MESSAGES} - {tag})
    if others:
        message = f"{name} holds {others[0].upper()} beside {tag.upper()}."
        raise InputError(message, hint="Give messages of one kind a file: none is left out unseen.")
    return found


def leaves(element: Element) -> Iterator[tuple[str, str, str]]:
    """Give key, value and unit of all leaves in their order, white space taken together."""
    for one in element.iter():
        if not len(one) and one is not element:
            yield one.tag, " ".join((one.text or "").split()), one.get("units", "")


def new_message(tag: str, version: str) -> Element:
    """Return the root of a message."""
    return Element(
        tag,
        {
            "xmlns:xsi": _INSTANCE,
            "xsi:noNamespaceSchemaLocation": SCHEMA,
            "id": f"CCSDS_{tag.upper()}_VERS",
            "version": version,
        },
    )


def add_leaf(parent: Element, key: str, value: str, unit: str = "") -> None:
    """Add a leaf."""
    SubElement(parent, key, {"units": unit} if unit else {}).text = value


def text_of(root: Element) -> str:
    """Return a document as text."""
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"
