"""What the client over plain HTTP does beyond what both clients have to do."""

import email.utils
import time

import pytest

from skywright.assistant.engine.choosing import asks_over_http, model_of
from skywright.assistant.engine.model import Asked, ModelError, Said, Wanted
from skywright.assistant.engine.openai_http import OpenAIHttpModel
from skywright.assistant.engine.service import Service
from skywright.settings import get_settings
from tests.assistant.engine.llm_servers import Step, speaking

CALLS = tuple(("resolve-name", {"name": name}) for name in ("M31", "M13", "M3"))


def responded(*steps, key="a-key"):
    with speaking("openai-http", *steps) as service:
        model = OpenAIHttpModel(Service("openai-http", "m", service.url, key, 5.0))
        return list(model.respond((Asked("Where is M31?"),), ())), service


def test_calls_that_all_bear_one_number_are_kept_apart():
    pieces, _ = responded(Step(calls=CALLS, habit="one number"))
    made = [(one.call.tool, one.call.arguments) for one in pieces if isinstance(one, Wanted)]
    assert made == list(CALLS)


def test_an_answer_without_a_last_word_broke_off():
    with pytest.raises(ModelError, match="ended without a last word"):
        responded(Step(("one ", "two"), habit="no last word"))


def test_a_web_page_is_no_answer():
    with pytest.raises(ModelError, match="what is no completion: '<!doctype"):
        responded(Step(habit="a page"))


def test_a_page_of_a_proxy_is_not_shown():
    with pytest.raises(ModelError, match=r"it answered with a web page \(status 404\)"):
        responded(Step(status=404, habit="a page"))


def test_a_date_to_come_back_at_is_kept_to():
    soon = email.utils.formatdate(time.time() + 1, usegmt=True)
    pieces, service = responded(
        Step(status=503, error="loading", headers={"Retry-After": soon}), Step(("Here.",))
    )
    assert (pieces[0], len(service.asked)) == (Said("Here."), 2)


def test_a_service_that_wants_an_hour_is_not_waited_for():
    busy = Step(status=429, error="quota", headers={"Retry-After": "3600"})
    with pytest.raises(ModelError, match="is asked too often"):
        responded(busy)


def test_without_a_key_none_is_sent():
    _, service = responded(Step(("Here.",)), key="")
    assert "authorization" not in service.headers[0]
    _, service = responded(Step(("Here.",)))
    assert service.headers[0]["authorization"] == "Bearer a-key"


@pytest.mark.parametrize("name", ["openai-compatible:m", "ollama:m", "local:m"])
def test_where_the_packages_are_missing_it_takes_their_place(monkeypatch, name):
    monkeypatch.setattr("skywright.assistant.engine.choosing.find_spec", lambda _: None)
    assert isinstance(model_of(get_settings(), None, name=name), OpenAIHttpModel)


def test_it_is_taken_where_it_is_named_and_for_no_other_dialect(monkeypatch):
    assert asks_over_http("openai-http")
    monkeypatch.setattr("skywright.assistant.engine.choosing.find_spec", lambda _: None)
    assert not asks_over_http("anthropic")
    assert not asks_over_http("bedrock")
