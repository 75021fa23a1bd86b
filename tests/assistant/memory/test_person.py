"""What is kept of one owner comes out whole, and ends without a trace; others keep theirs."""

import json

import pytest

from skywright.assistant.engine.model import Asked, Replied
from skywright.assistant.memory.facts import facts, remember
from skywright.assistant.memory.memory import Memory
from skywright.assistant.memory.person import KeptConversations
from skywright.assistant.messages import Answer
from skywright.settings import get_settings


@pytest.fixture
def settings():
    return get_settings()


def _tell(settings, owner, words):
    """Ask, answer, rate and keep a file and a fact for somebody, and return the id."""
    memory = Memory.of(settings, owner)
    id_ = memory.begin().id
    memory.add(id_, Asked(words))
    answered = memory.add(id_, Replied(Answer(text="It is far.")))
    memory.rate(id_, answered, -1, "too short")
    memory.files(id_).mkdir(parents=True)
    (memory.files(id_) / "plot.png").write_bytes(b"picture")
    remember(memory, "site", words)
    return id_


def test_messages_ratings_facts_and_files_of_one_owner_are_taken_out(settings):
    mine, _ = _tell(settings, "sk_a", "zanzibar"), _tell(settings, "sk_b", "quebec")
    kept = KeptConversations(settings)
    members = dict(kept.members(["sk_a"]))
    lines = [json.loads(line) for line in members[f"conversations/{mine}.jsonl"].splitlines()]
    assert (lines[1]["body"]["text"], lines[2]["comment"]) == ("zanzibar", "too short")
    assert members[f"conversations/{mine}/plot.png"].read_bytes() == b"picture"
    assert json.loads(members["facts/sk_a.json"])[0]["value"] == "zanzibar"
    assert kept.count(["sk_a"]) == {"conversations": 1, "messages": 2, "facts": 1}
    assert len(members) == 3


def test_what_is_erased_is_in_no_file_any_more_and_others_keep_theirs(settings):
    mine, other = _tell(settings, "sk_a", "zanzibar"), _tell(settings, "sk_b", "quebec")
    KeptConversations(settings).erase(["sk_a"])
    files = [path for path in settings.data_dir.rglob("*") if path.is_file()]
    assert not [path for path in files if b"zanzibar" in path.read_bytes()]
    assert not Memory.of(settings).files(mine).exists()
    theirs = Memory.of(settings, "sk_b")
    assert theirs.messages(other)[0].text == "quebec"
    assert [one.value for one in facts(theirs)] == ["quebec"]


def test_where_nobody_asked_anything_nothing_is_made(settings):
    kept = KeptConversations(settings)
    assert not any(kept.count(["", "sk_a"]).values())
    assert not any(kept.erase([""]).values())
    assert not (settings.data_dir / "conversations.db").exists()
