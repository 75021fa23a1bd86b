"""What is wanted, in the light of the conversation: "it", what was asked back, what is repeated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date

from skywright.assistant.engine.model import Asked, Replied, Turn
from skywright.assistant.messages import Answer
from skywright.assistant.rules.amounts import Amounts
from skywright.assistant.rules.entities import Entities, entities_in
from skywright.assistant.rules.faults import Fault
from skywright.assistant.rules.names import names_in
from skywright.assistant.rules.reading import Reader
from skywright.assistant.rules.relative_dates import shifted
from skywright.assistant.rules.routing import KNOWLEDGE, UNCLEAR, Routed, Router

_REMEMBERED = 8
"""Questions before the last that are looked at."""
_SURE = 2.5
"""Score from which a reply to a question of ours is a new question instead."""
_SHORT_WORDS = 9

_THING = (
    r"cluster|object|star|galaxy|nebula|asteroid|comet|planet|source|satellite|one|target|system"
)
_IT = re.compile(
    r"\b(?:it|its|it's|there|them|their|they|those|these"
    rf"|(?:that|this|the same|the) (?:{_THING}))\b",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"^(?:and|or|now|then|also|what about|how about|same|again|only|but|plus|more|another)\b", re.I
)
_COUNTED = re.compile(
    r"^(?:and |so |but |ok(?:ay)?,? )*how many(?: of)?"
    r"(?: (?:them|these|those|stars|rows|sources))?(?: (?:are|is|were|was|have|did))?"
    r"(?: (?:there|we))?(?: (?:left|remain\w*|over|kept|survived?|passed?))?\W*$"
    r"|^(?:and |so )?(?:which|what) (?:one |of (?:them|these|those) )?(?:is|was|are) the \w+est"
    r"(?: of (?:them|these|those))?\W*$",
    re.IGNORECASE,
)
"""Asks for what the last answer has told."""
_FILTERS = {
    "launches": ("provider", "rocket"),
    "exoplanets": ("method", "facility"),
    "cone-search": ("catalogue",),
}
"""What can be changed of each wish, beside names, places, spans and amounts."""
_ABOUT = {
    "launches": re.compile(r"\b(?:launch\w*|rockets?(?! lab)|flights?|missions?|lift-?offs?)\b"),
    "exoplanets": re.compile(r"\b(?:exo-?planets?|planets?|worlds?)\b"),
    "papers": re.compile(r"\b(?:papers?|articles?|publications?|preprints?|literature)\b"),
}
"""Nouns without which a question says only what changes."""
_GOES_ON_WITH = re.compile(
    r"\b(?:failed|failures?|succeeded|success\w*|TIME|PROVIDER|ROCKET|by|since|before|after"
    r"|(?:which|how many|what) (?:of (?:them|those|these))|transit\w*|COUNT)\b|^only\b"
)
_PROPERTY = re.compile(
    r"^(?:and |so |what.?s |what is |what are |tell me |give me )*(?:its|their|the) (?:mass|radius"
    r"|size|diameter|period|orbit\w*|temperature|magnitude|brightness|type|inclination|perigee"
    r"|apogee|altitude|risk|moid|discovery\w*|host|status|owner)\b"
    r"|^(?:and |so )?(?:how (?:big|large|heavy|massive|bright|dangerous|risky|hot|high|old|far)"
    r"|when) (?:is|was|does|did) (?:it|that|this)\b"
)
_TIMES = {"double": 2.0, "twice": 2.0, "triple": 3.0, "half": 0.5, "halve": 0.5}
_SCALED = re.compile(
    r"^(?:and |now |with |please |try |use |again )*(?:an? |the )?"
    r"(?P<times>double|twice|triple|half|halve|larger|bigger|wider|smaller)\b(?: of)?"
    r"(?: (?:the|that|its))? (?:radius|cone|circle|field)"
)
_USUAL_DEG = 0.083333
_WHEN_LAUNCHED = re.compile(r"^(?:and )?when (?:was|were|did) (?:it|they|this|that) .*launch")
_OF_KIND = {
    "exoplanet": "exoplanets",
    "asteroid": "neo-assess",
    "comet": "neo-assess",
    "satellite": "satellites",
}
"""What tells of a thing of each kind."""
_BY = re.compile(r"\b(?:by|from|of) (?:[A-Z]\w+)")
_ON = re.compile(r"\b(?:on|about|regarding) \w", re.IGNORECASE)
TURN = " \u21b5 "
"""Stands between the words of questions of which the later goes on with the earlier."""
_PLOT = re.compile(r"\b(?:plot|draw|show|graph|visuali[sz]e|chart|display)\b", re.IGNORECASE)
_TABLE = re.compile(
    r"\b(?:it|them|those|these|that|this"
    r"|(?:the|this|that) (?:table|results?|stars|sources|data|list))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the last question wants, with all that is known for it."""

    intent: str
    entities: Entities
    target: str = ""
    """Object that is meant, where the question names one or points to it."""
    tables: tuple[str, ...] = ()
    """Tables of the conversation, the newest last."""
    bibcodes: tuple[str, ...] = ()
    """Of the papers found last."""
    asteroid: str = ""
    """Asteroid or comet that is named, or was spoken of last where the question points to it."""
    rival: str = ""
    """Another intent that is about as likely."""
    told: str = ""
    """What the last answer says, where only that is asked for."""
    is_reply: bool = False
    """Whether the question only says what we had asked for."""


@dataclass(frozen=True, slots=True)
class _Past:
    """The question before, and what came of it."""

    wish: Wish
    answer: Answer | None = None
    bibcodes: tuple[str, ...] = field(default=())
    is_named: bool = False
    """Whether that question named something itself."""
    search: Wish | None = None
    """The last search of a catalogue, which cuts and drawings of its table leave as it is."""


def understood(history: Sequence[Turn], router: Router, today: date) -> Wish:
    """Return what the last question of a history wants."""
    asked = [k for k, turn in enumerate(history) if isinstance(turn, Asked)][-_REMEMBERED:]
    past: _Past | None = None
    wish: Wish | None = None
    for place in asked:
        question = history[place]
        assert isinstance(question, Asked)  # noqa: S101  (chosen so; tells the type)
        wish = _wish(question, past, router, today)
        if wish.told or wish.intent == "greeting":
            continue  # what was spoken of stays
        answer = next((t.answer for t in history[place:] if isinstance(t, Replied)), None)
        bibcodes = _bibcodes(answer) or (past.bibcodes if past else ())
        search = wish if wish.intent == "cone-search" else past.search if past else None
        is_named = bool(entities_in(question.text, today).names)
        past = _Past(wish, answer, bibcodes, is_named, search)
    if wish is None:
        message = "A history holds a question."
        raise ValueError(message)
    return wish


def _wish(question: Asked, past: _Past | None, router: Router, today: date) -> Wish:
    entities = entities_in(question.text, today)
    routed = router.route(entities)
    wish = Wish(
        routed.intent,
        entities,
        target=_target(entities, question, past),
        tables=question.tables,
        bibcodes=past.bibcodes if past else (),
        rival=routed.rival,
    )
    wish = replace(wish, asteroid=_asteroid(wish, past))
    if past and past.answer and _COUNTED.search(entities.text):
        return replace(wish, told=_first_line(past.answer))
    if past and past.answer and past.answer.is_question and not _is_new(routed, past, entities):
        return _filled(wish, past)
    if (
        past
        and past.wish.entities.span
        and (span := shifted(entities.text, past.wish.entities.span))
    ):
        return _repeated(replace(wish, entities=replace(entities, span=span, faults=())), past)
    if past and past.search and (scaled := _SCALED.search(entities.masked)):
        times = _TIMES.get(scaled["times"])
        again = past.search.entities
        radius = times and times * (again.radius_deg or _USUAL_DEG)
        faults = () if radius else (Fault("radius_deg", "Which radius do you mean?"),)
        return replace(
            past.search,
            entities=replace(again, radius_deg=radius, faults=faults),
            tables=question.tables,
        )
    if past and _WHEN_LAUNCHED.search(entities.masked) and _kind_of(wish.target) == "satellite":
        return replace(wish, intent="satellites", rival="")
    if past and _asks_property(routed, entities):
        intent = _OF_KIND.get(_kind_of(wish.target), "")
        if intent:
            return replace(wish, intent=intent, rival="")
    if past and (_goes_on(routed, past, entities) or _is_elliptic(routed, past, entities)):
        return _repeated(wish, past)
    return _plotted(wish, routed)


def _target(entities: Entities, question: Asked, past: _Past | None) -> str:
    named = entities.named()
    if named:
        return named.text
    if _IT.search(entities.text):
        return (
            (past.wish.target if past and past.is_named else "")
            or question.target
            or (past.wish.target if past else "")
        )
    return ""


def _asteroid(wish: Wish, past: _Past | None) -> str:
    """Return the asteroid that is meant: a cluster spoken of last is none."""
    named = wish.entities.named("asteroid", "comet")
    if named:
        return named.text
    kinds = {one.kind for one in names_in(Reader(wish.target))}
    if wish.target and not kinds - {"asteroid", "comet"}:
        return wish.target
    if past and (_IT.search(wish.entities.text) or not wish.entities.names):
        return past.wish.asteroid
    return ""


def _first_line(answer: Answer) -> str:
    run = next((one for one in reversed(answer.tool_runs) if one.result), None)
    text = run.result.text if run and run.result else answer.text
    return text.strip().partition("\n")[0]


def _kind_of(name: str) -> str:
    return next((one.kind for one in names_in(Reader(name))), "")


def _asks_property(routed: Routed, entities: Entities) -> bool:
    """Tell whether a question asks what "it" is like: "its mass?", "how big is it?"."""
    is_open = routed.intent in {KNOWLEDGE, UNCLEAR} or routed.score < _SURE
    is_it = bool(_IT.search(entities.text)) and not entities.names
    return is_open and is_it and bool(_PROPERTY.search(entities.masked))


def _is_elliptic(routed: Routed, past: _Past, entities: Entities) -> bool:
    """Tell whether a question leaves out what it is about, as "how many failed?" does."""
    about = _ABOUT.get(past.wish.intent)
    if about is None or len(entities.text.split()) > _SHORT_WORDS or entities.names:
        return False
    is_same = routed.intent == past.wish.intent or routed.score < _SURE
    return (
        is_same
        and bool(_GOES_ON_WITH.search(entities.masked))
        and not about.search(entities.masked)
    )


def _is_new(routed: Routed, past: _Past, entities: Entities) -> bool:
    """Tell a new question from the reply to one of ours."""
    if routed.intent in {past.wish.intent, past.wish.rival, UNCLEAR, KNOWLEDGE}:
        return routed.intent == KNOWLEDGE and routed.score >= _SURE
    if len(entities.text.split()) <= 3 and routed.intent != "greeting":  # "M13", "norad 25544"
        return False
    return routed.score >= _SURE


def _filled(wish: Wish, past: _Past) -> Wish:
    merged = _merged(past.wish.entities, wish.entities)
    target = wish.target or past.wish.target
    is_other = bool(past.wish.rival) and wish.intent == past.wish.rival
    intent = past.wish.rival if is_other else past.wish.intent
    return replace(wish, intent=intent, entities=merged, target=target, rival="", is_reply=True)


def _goes_on(routed: Routed, past: _Past, entities: Entities) -> bool:
    """Tell whether a question repeats the one before with something changed."""
    is_short = len(entities.text.split()) <= _SHORT_WORDS
    says_something = bool(
        entities.names
        or entities.radius_deg is not None
        or entities.faults
        or entities.span
        or entities.magnitude
        or entities.positions
        or (past.wish.intent == "papers" and _BY.search(entities.untimed))
        or entities.count
        or any(getattr(entities, name) for name in _FILTERS.get(past.wish.intent, ()))
        or entities.amounts != Amounts()
    )
    if past.wish.intent == "adql" and not entities.count:
        return False
    is_weak = routed.score < _SURE or routed.intent in {KNOWLEDGE, UNCLEAR}
    is_also = bool(_ALSO.search(entities.text)) and routed.score < _SURE + 1
    return is_short and says_something and is_weak and is_also


def _repeated(wish: Wish, past: _Past) -> Wish:
    if past.wish.intent in {KNOWLEDGE, UNCLEAR, "greeting", "sources"}:
        return wish
    if past.wish.intent == "cone-search" and _cuts_only(wish):
        return replace(wish, intent="colour-cut", target="", rival="")
    again = past.search if past.search and _is_elsewhere(wish, past.wish) else past.wish
    entities = _merged(again.entities, wish.entities)
    target = wish.target or again.target
    # The words hold the subject of papers and their author, which may be said one by one.
    said = wish.entities.untimed
    if not _ON.search(said):
        said = f"{again.entities.untimed} {said}" if _BY.search(said) else again.entities.untimed
    entities = replace(entities, untimed=said)
    entities = replace(entities, masked=f"{again.entities.masked}{TURN}{wish.entities.masked}")
    return replace(wish, intent=again.intent, entities=entities, target=target, rival="")


def _cuts_only(wish: Wish) -> bool:
    """Tell whether a question only bounds the stars of a table that there is."""
    read = wish.entities
    is_bound = read.magnitude is not None or read.colour is not None
    return bool(wish.tables) and is_bound and not _places(read)


def _is_elsewhere(wish: Wish, last: Wish) -> bool:
    """Tell whether a question leaves the table that was cut or drawn last, for another place."""
    on_table = last.intent in {"colour-cut", "cmd", "sky-map"} and not _places(last.entities)
    return on_table and _places(wish.entities)


def _places(read: Entities) -> bool:
    return bool(read.names or read.positions or read.radius_deg is not None)


def _plotted(wish: Wish, routed: Routed) -> Wish:
    """Read "plot it": the diagram of the newest table."""
    text = wish.entities.text
    is_other = routed.intent in {"sky-map", "sed", "light-curve"} and routed.score > 0
    is_plain = routed.score < _SURE and not wish.entities.names and not is_other
    if wish.tables and is_plain and _PLOT.search(text) and _TABLE.search(text):
        return replace(wish, intent="cmd", target="", rival="")
    return wish


def _merged(old: Entities, new: Entities) -> Entities:
    """Return what was read before, with what is read now in its place."""
    kept = {"text", "masked", "untimed"}
    empty = Entities("", "")
    changed = {
        one.name: getattr(new, one.name)
        for one in fields(Entities)
        if one.name not in kept and getattr(new, one.name) != getattr(empty, one.name)
    }
    if "names" in changed:
        changed.setdefault("positions", ())
    if changed.get("positions"):
        changed.setdefault("names", ())
    mended = tuple(one for one in old.faults if one.of not in changed)
    changed["faults"] = (*mended, *new.faults)
    return replace(old, **changed)


def _bibcodes(answer: Answer | None) -> tuple[str, ...]:
    """Return the bibcodes, or arXiv numbers, of the papers that an answer found."""
    for run in reversed(answer.tool_runs if answer else ()):
        if run.call.tool == "search-papers" and run.result:
            papers = run.result.data.get("papers") or []
            codes = [one.get("bibcode") or one.get("arxiv_id") for one in papers]
            return tuple(str(code) for code in codes if code)
    return ()
