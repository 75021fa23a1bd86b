"""Literature: searches, citations to copy, and silence where nothing was found."""

from __future__ import annotations

import re

from skywright.assistant.examples.example import RefusedError
from skywright.assistant.examples.scene import Scene
from skywright.assistant.examples.subject import Subject
from skywright.assistant.examples.templates.steps import value
from skywright.assistant.examples.templates.template import Template
from skywright.assistant.messages import ToolResult

_SMALL = frozenset(
    {"a", "an", "and", "around", "at", "by", "for", "from", "in", "into", "its", "of", "on", "the",
     "to", "with", "within", "using", "through"}
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9+-]+")
_AUTHORS = 3  # whom search-papers tells
_INVENTED = (
    "chrono-synclastic {noun} of {name}",
    "edible {noun} in the halo of {name}",
    "left-handed {noun} near {name}",
    "musical {noun} towards {name}",
    "knitted {noun} orbiting {name}",
    "translucent {noun} inside {name}",
)
_NOUNS = ("quargles", "vimbons", "snorvids", "plimsoids", "grondules", "taffeloids", "murbles")


def topic_of(scene: Scene, subject: Subject) -> str:
    """Return two or three words of a title that stand side by side in it."""
    runs: list[list[str]] = [[]]
    for one in subject.facts["title"][0].split():
        word = one.strip(".,:;()\"'")
        if _WORD.fullmatch(word) and word.lower() not in _SMALL:
            runs[-1].append(word)
        if not _WORD.fullmatch(one) or word.lower() in _SMALL:
            runs.append([])
    long = [one for one in runs if len(one) > 1]
    if not long:
        message = f"the title {subject.name!r} has no two words side by side"
        raise RefusedError(message, gate="run")
    words = scene.draw.choice(long)
    count = min(len(words), scene.draw.choice((2, 3)))
    start = scene.draw.randrange(len(words) - count + 1)
    chosen = words[start : start + count]
    return " ".join(one if any(s.isupper() for s in one[1:]) else one.lower() for one in chosen)


def _told(scene: Scene, found: ToolResult, **slots: object) -> None:
    """Tell how many papers were found, and quote the first."""
    scene.say(scene.word("say", papers=papers_of(found), cite=first_paper(scene, found), **slots))


def papers_of(found: ToolResult) -> str:
    """Return how many papers a search has, in words."""
    total = int(value(found, "total"))
    return f"{total} paper{'' if total == 1 else 's'}"


def first_paper(scene: Scene, found: ToolResult) -> str:
    """Return a mark with the line of the first paper that was found."""
    first = value(found, "papers", 0)
    code = first.get("bibcode") or first.get("arxiv_id")
    named = "; ".join(first["authors"][:_AUTHORS])
    more = " et al." if len(first["authors"]) > _AUTHORS else ""
    return scene.cite_exactly(f"{named}{more} ({first['year']}): {first['title']} [{code}]")


def _papers_on(scene: Scene, subjects: list[Subject]) -> None:
    topic = topic_of(scene, subjects[0])
    scene.ask(topic=topic)
    _told(scene, scene.call("search-papers", query=topic), topic=topic)


def _papers_by(scene: Scene, subjects: list[Subject]) -> None:
    author = subjects[0].facts["author"][0]
    if "," not in author:
        message = f"{author} is no person"
        raise RefusedError(message, gate="run")
    scene.ask(author=author)
    _told(scene, scene.call("search-papers", author=author), author=author)


def _in_years(scene: Scene, subjects: list[Subject]) -> None:
    topic, year = topic_of(scene, subjects[0]), int(subjects[0].facts["year"])
    since = year - scene.draw.randrange(1, 6)
    until = year + scene.draw.randrange(0, 4)
    scene.ask(topic=topic, since=since, until=until)
    found = scene.call("search-papers", query=topic, since_year=since, until_year=until)
    _told(scene, found, topic=topic, since=since, until=until)


def _entry(scene: Scene, code: str) -> str:
    found = scene.call("get-bibtex", bibcodes=[code])
    entry = found.text.strip()
    if len(entry) > 1_500:
        message = "the entry is too long for an example"
        raise RefusedError(message, gate="run")
    return entry


def _bibtex(scene: Scene, subjects: list[Subject]) -> None:
    code = subjects[0].key
    scene.ask(code=code)
    scene.say(scene.word("say", code=code, entry=_entry(scene, code), cite=scene.cite()))


def _search_then_bibtex(scene: Scene, subjects: list[Subject]) -> None:
    title, code = subjects[0].name, subjects[0].key
    scene.ask(title=title)
    found = scene.call("search-papers", query=f'title:"{title}"')
    if value(found, "papers", 0, "bibcode") != code:
        message = f"the title {title!r} finds another paper first"
        raise RefusedError(message, gate="run")
    scene.say(scene.word("found", cite=first_paper(scene, found)))
    scene.ask("then")
    scene.say(scene.word("say", code=code, entry=_entry(scene, code), cite=scene.cite()))


def _nothing(scene: Scene, subjects: list[Subject]) -> None:
    """Ask for what nobody can have written of; the search must come back empty."""
    noun, pattern = scene.draw.choice(_NOUNS), scene.draw.choice(_INVENTED)
    topic = pattern.format(noun=noun, name=scene.name_of(subjects[0]))
    scene.ask(topic=topic)
    scene.find_nothing("search-papers", query=topic)
    scene.say(scene.word("say", topic=topic))


def _asks_back(scene: Scene, subjects: list[Subject]) -> None:
    topic = topic_of(scene, subjects[0])
    scene.ask()
    scene.say(scene.word("back"))
    scene.ask("answer", topic=topic)
    _told(scene, scene.call("search-papers", query=topic), topic=topic)


def _arxiv(scene: Scene, subjects: list[Subject]) -> None:
    topic = topic_of(scene, subjects[0])
    scene.ask(topic=topic)
    _told(scene, scene.call("search-papers", query=topic, service="arxiv"), topic=topic)


LITERATURE = (
    Template("papers-on", "literature", "paper", _papers_on, most=60),
    Template("papers-by", "literature", "paper", _papers_by),
    Template("papers-in-years", "literature", "paper", _in_years, most=60),
    Template("bibtex", "literature", "paper", _bibtex),
    Template("search-then-bibtex", "literature", "paper", _search_then_bibtex),
    Template("nothing-published", "literature", "well-known", _nothing, most=10),
    Template("papers-ask-back", "literature", "paper", _asks_back),
    Template("arxiv-papers", "literature", "paper", _arxiv),
)
"""Their templates."""
