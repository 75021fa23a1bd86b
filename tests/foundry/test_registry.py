"""The registry: signed folders, aliases that move and go back, nothing changed unseen."""

import json

import pytest

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.registry import CHALLENGER, Registry, hash_of


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path / "models")


def made(tmp_path, skill):
    folder = tmp_path / f"made-{skill}"
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps({"skill": skill}))
    return folder


def added(registry, tmp_path, skill):
    facts = {"kind": "toy", "metrics": {"skill": skill}, "gate": {"state": "passed"}}
    return registry.add("toy", made(tmp_path, skill), facts)


def test_a_version_is_the_hash_of_its_files(registry, tmp_path):
    first = added(registry, tmp_path, 1)
    manifest = registry.facts("toy", first)
    assert manifest["files"]["model.json"] == hash_of(registry.folder("toy", first) / "model.json")
    assert registry.add("toy", tmp_path / "made-1", {"metrics": {}}) == first
    assert registry.versions("toy") == [first]


def test_the_card_is_signed_but_makes_no_other_version(registry, tmp_path):
    first = added(registry, tmp_path, 1)
    folder = tmp_path / "made-1"
    (folder / "report").mkdir()
    (folder / "report" / "card.md").write_text("of another day")
    assert registry.add("toy", folder, {"metrics": {}}) == first


def test_promote_and_roll_back(registry, tmp_path):
    first, second = (added(registry, tmp_path, skill) for skill in (1, 2))
    registry.promote("toy", first)
    registry.promote("toy", second)
    registry.promote("toy", first, CHALLENGER)
    assert registry.champion("toy").name == second
    assert registry.rollback("toy") == first
    assert registry.champion("toy").name == first
    assert registry.version("toy", CHALLENGER) == first
    assert [row["deployed"] for row in registry.rows("toy")] == [1, 0]


def test_the_first_model_has_nothing_to_roll_back_to(registry, tmp_path):
    registry.promote("toy", added(registry, tmp_path, 1))
    with pytest.raises(ConflictError, match="no earlier champion"):
        registry.rollback("toy")


def test_a_shipped_model_is_in_use_until_one_is_promoted_and_again_after_rolling_back(
    registry, tmp_path
):
    assert registry.champion("neo-albedo").name == "neo_albedo"
    folder = made(tmp_path, 1)
    registry.promote("neo-albedo", registry.add("neo-albedo", folder, {"metrics": {}}))
    assert registry.champion("neo-albedo").name != "neo_albedo"
    assert registry.rollback("neo-albedo") is None
    assert registry.champion("neo-albedo").name == "neo_albedo"


@pytest.mark.parametrize("change", ["edit", "add", "remove", "resign"])
def test_a_changed_folder_is_refused(registry, tmp_path, change):
    folder = registry.root / "toy" / added(registry, tmp_path, 1)
    if change == "edit":
        (folder / "model.json").write_text("{}")
    elif change == "add":
        (folder / "more").write_text("x")
    elif change == "remove":
        (folder / "model.json").unlink()
    else:
        (folder / "manifest.json").write_text(
            (folder / "manifest.json").read_text().replace('"skill": 1', '"skill": 9')
        )
    with pytest.raises(InputError, match="was changed|does not fit"):
        registry.folder("toy", folder.name)


def test_another_installations_model_is_not_trusted(registry, tmp_path):
    version = added(registry, tmp_path, 1)
    other = Registry(tmp_path / "other")
    other.add("toy", made(tmp_path, 2), {"metrics": {}})
    (other.root / "toy" / version).symlink_to(registry.folder("toy", version))
    with pytest.raises(InputError, match="not trusted"):
        other.folder("toy", version)


def test_a_version_in_use_is_not_deleted_and_another_leaves_its_row(registry, tmp_path):
    first, second = (added(registry, tmp_path, skill) for skill in (1, 2))
    registry.promote("toy", first)
    with pytest.raises(ConflictError, match="is the champion"):
        registry.remove("toy", first)
    registry.remove("toy", second)
    assert registry.versions("toy") == [first]
    assert not (registry.root / "toy" / second).exists()


@pytest.mark.parametrize("version", ["abc", "../../etc", ""])
def test_an_unknown_version_is_refused(registry, tmp_path, version):
    added(registry, tmp_path, 1)
    with pytest.raises(NotFoundError, match="has no version"):
        registry.promote("toy", version)
