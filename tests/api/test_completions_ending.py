"""Ends of completions: at a text, at a length, whatever the pieces are."""

import anyio
import pytest

from skywright.api.completions_ending import Ending, ended_early

TEXT = "One STOP two"


def said_of(pieces, ending):
    said = ""
    for piece in pieces:
        said += ending.feed(piece)
        if ending.reason:
            return said
    return said + ending.rest()


@pytest.mark.parametrize("size", [1, 3, 7, 50])
def test_a_stop_is_found_across_pieces(size):
    ending = Ending(("xx", "STOP"))
    assert said_of([TEXT[k : k + size] for k in range(0, len(TEXT), size)], ending) == "One "
    assert ending.reason == "stop"


def test_what_only_looks_like_a_stop_is_said():
    ending = Ending(("STOPPED",))
    assert said_of(["One ST", "OP"], ending) == "One STOP"
    assert ending.reason == ""


def test_the_first_of_two_stops_ends_it():
    assert said_of([TEXT], Ending(("two", "STOP"))) == "One "


def test_an_answer_that_just_fits_is_whole():
    ending = Ending(most_tokens=3)
    assert (said_of([TEXT], ending), ending.reason) == (TEXT, "")


def test_one_that_does_not_fit_is_cut():
    ending = Ending(("never",), most_tokens=2)
    assert (said_of(["One ", "STOP two"], ending), ending.reason) == ("One STOP", "length")


def test_whoever_speaks_is_stopped_at_the_end():
    closed = []

    async def speaking():
        try:
            for word in ("One ", "STOP", " two"):
                yield "text", word
        finally:
            closed.append(True)

    async def heard():
        return [say async for say in ended_early(speaking(), Ending(("STOP",)))]

    assert anyio.run(heard) == [("text", "O"), ("text", "ne "), ("ended", "stop")]
    assert closed == [True]
