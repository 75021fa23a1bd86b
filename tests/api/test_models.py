"""``GET /api/models``: what ships, and what was promoted here in its place."""

from skywright.foundry.registry import Registry
from skywright.settings import get_settings


def test_every_model_in_use_is_listed_by_name(client):
    models = client.get("/api/models").json()["models"]
    names = [model["name"] for model in models]
    assert names == sorted(names)
    assert "neo-novelty" in names
    assert not any(model["trained_here"] for model in models)


def test_a_model_promoted_here_is_listed_with_its_facts(client, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "model.onnx").write_bytes(b"weights")
    registry = Registry(get_settings().data_dir / "models")
    version = registry.add("own-model", tmp_path / "made", {"metrics": {"ap": 0.5}})
    assert "own-model" not in str(client.get("/api/models").json())
    registry.promote("own-model", version)
    found = {model["name"]: model for model in client.get("/api/models").json()["models"]}
    assert found["own-model"]["trained_here"]
    assert found["own-model"]["card"]["metrics"] == {"ap": 0.5}
