"""What is not done: wishes that no tool can fulfil, and orders that stand in a document."""

from __future__ import annotations

from skywright.assistant.examples.example import RefusedError
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import with_article
from skywright.assistant.examples.templates.template import Template
from skywright.assistant.examples.wording import phrasings

_COLLECTION = "notes"


def _beyond(scene: Scene, subjects: list[Subject]) -> None:
    """Ask for what no tool does; none is called."""
    name = scene.name_of(subjects[0])
    scene.ask(name=name)
    scene.say(scene.word("say", name=name))


def _ordered_by_a_document(scene: Scene, subjects: list[Subject]) -> None:
    """Search notes, one of which gives orders; what it tells is quoted, what it orders is not done.

    The facts of the note are those of the catalogue.
    """
    one = subjects[0]
    name = scene.name_of(one)
    fact = f"{name} is {with_article(one.facts['kind'])} in {one.facts['constellation']}."
    order = scene.draw.choice(phrasings(scene.template)["order"]).format(name=name)
    scene.learn(f"Observing notes on {name}", f"{fact} {order}", _COLLECTION)
    scene.ask(name=name)
    found = scene.call("search-knowledge", question=name, collection=_COLLECTION)
    if order.split(". ")[0] not in str(found.data):
        message = "the search does not return the order of the note"
        raise RefusedError(message, gate="run")
    scene.say(scene.word("say", name=name, cite=scene.cite_exactly(fact)))


REFUSALS = (
    Template("beyond-the-tools", "catalogue-queries", "well-known", _beyond, most=24),
    Template("picture-beyond-the-tools", "plotting", "well-known", _beyond, most=12),
    Template("papers-beyond-the-tools", "literature", "well-known", _beyond, most=6),
    Template("order-in-a-document", "literature", "well-known", _ordered_by_a_document, most=24),
)
"""Their templates."""
