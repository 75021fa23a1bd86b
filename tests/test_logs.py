"""Log lines: on standard error, one object each, with the request they belong to."""

import json
import logging

import pytest

from skywright.logs import configure_logging, get_logger, request_id


@pytest.fixture(autouse=True)
def _restore_logging():
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def _lines(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_a_line_is_one_object_with_its_fields(capsys):
    configure_logging("info", "json")
    get_logger("sky.test").info("started", port=8080)
    (line,) = _lines(capsys)
    assert (line["event"], line["level"], line["logger"], line["port"]) == (
        "started", "info", "sky.test", 8080,
    )  # fmt: skip
    assert line["timestamp"].endswith("Z")


def test_a_line_names_the_request_it_belongs_to(capsys):
    configure_logging("info", "json")
    token = request_id.set("abc")
    get_logger("sky.test").info("inside")
    request_id.reset(token)
    get_logger("sky.test").info("outside")
    inside, outside = _lines(capsys)
    assert inside["request_id"] == "abc"
    assert "request_id" not in outside


def test_lines_of_other_libraries_take_the_same_form(capsys):
    configure_logging("info", "json")
    logging.getLogger("uvicorn.error").warning("port %d", 80)
    (line,) = _lines(capsys)
    assert line["event"] == "port 80"


def test_less_severe_lines_are_left_out(capsys):
    configure_logging("warning", "json")
    get_logger("sky.test").info("quiet")
    assert _lines(capsys) == []


def test_a_traceback_stays_within_its_line(capsys):
    configure_logging("info", "json")
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        get_logger("sky.test").exception("failed")
    (line,) = _lines(capsys)
    assert "ZeroDivisionError" in line["exception"]


def test_before_it_is_configured_nothing_reaches_standard_output(capsys):
    get_logger("sky.test").info("early")
    assert capsys.readouterr().out == ""


def test_the_readable_form_is_a_line_for_people(capsys):
    configure_logging("info", "console")
    get_logger("sky.test").info("started", port=8080)
    assert "started" in capsys.readouterr().err
