"""Kubernetes: the manifest by its text, and a kubectl that only writes down what it is told."""

import json
import stat
from pathlib import Path

import pytest

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.foundry.jobs.kubernetes import KubernetesLauncher, manifest, name_of
from skywright.foundry.jobs.launcher import Order
from skywright.settings import Settings

yaml = pytest.importorskip("yaml")

ORDER = Order(
    "Nightly@2026-11-20T06:00Z",
    3,
    Path("/data/runs/x/spec.json"),
    ("/usr/bin/python3", "-m", "skywright.foundry.jobs.child", "/data/runs/x/spec.json"),
    cpus=2,
    gpus=1,
    memory_gb=16,
    environment={"ON": "yes"},
)


@pytest.fixture
def text():
    return manifest(ORDER, image="registry.example/skywright:1.0", claim="sky", data_dir="/data")


def test_the_manifest_is_a_job_that_kubernetes_never_restarts(text):
    job = yaml.safe_load(text)
    pod = job["spec"]["template"]["spec"]
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
    assert (job["spec"]["backoffLimit"], pod["restartPolicy"]) == (0, "Never")
    assert pod["securityContext"] == {"runAsNonRoot": True}
    assert pod["automountServiceAccountToken"] is False


def test_the_manifest_asks_for_what_the_recipe_asks_for(text):
    (container,) = yaml.safe_load(text)["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "2", "memory": "16G"},
        "limits": {"nvidia.com/gpu": "1"},
    }
    assert container["command"] == ["python", *ORDER.argv[1:]]
    assert container["volumeMounts"] == [{"name": "data", "mountPath": "/data"}]
    assert {"name": "ON", "value": "yes"} in container["env"], "a value stays text, not a truth"


def test_the_manifest_reads_like_this(text):
    lines = text.splitlines()
    assert '  name: "skywright-nightly-2026-11-20t06-00z-3"' in lines
    assert '          image: "registry.example/skywright:1.0"' in lines
    assert '            claimName: "sky"' in lines


def test_names_are_those_that_kubernetes_allows():
    name = name_of(Order("x" * 200, 12, Path("s"), ("python",)))
    assert len(name) <= 63
    assert name.endswith("-12")


@pytest.fixture
def launcher(tmp_path, monkeypatch):
    """A launcher whose kubectl is a script: it keeps what it is given and answers from files."""
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n'
        f'case "$1" in\n'
        f"  apply) cat > {tmp_path}/applied ;;\n"
        f"  get) cat {tmp_path}/job 2>/dev/null || exit 1 ;;\n"
        f"  logs) cat {tmp_path}/logs ;;\n"
        f"  create) echo 'forbidden' >&2; exit 1 ;;\n"
        f"esac\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    settings = Settings(kubernetes_image="i", kubernetes_claim="c", data_dir=tmp_path)
    return KubernetesLauncher(settings)


def test_an_attempt_is_applied_heard_and_ended(launcher, tmp_path):
    (tmp_path / "job").write_text(json.dumps({"status": {"active": 1}}))
    (tmp_path / "logs").write_text('a line\n\x1e{"event": "started"}\n')
    attempt = launcher.start(ORDER)
    assert yaml.safe_load((tmp_path / "applied").read_text())["kind"] == "Job"
    assert attempt.read(0.0) == ([{"event": "started"}], ["a line"])
    assert attempt.exit_code() is None
    (tmp_path / "job").write_text(json.dumps({"status": {"succeeded": 1}}))
    again = launcher.attach(attempt.handle, ORDER)
    again.read(0.0)
    assert again.exit_code() == 0
    again.kill()
    assert "delete job skywright-nightly-2026-11-20t06-00z-3 --wait" in (
        (tmp_path / "calls").read_text()
    )


def test_a_job_that_the_cluster_forgot_is_not_found(launcher):
    with pytest.raises(NotFoundError, match="has no Job gone"):
        launcher.attach("gone", ORDER)


def test_what_kubectl_refuses_is_told(launcher):
    with pytest.raises(SourceError, match="kubectl create failed: forbidden"):
        launcher.kubectl("create", "job")


def test_what_is_missing_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="program kubectl"):
        KubernetesLauncher(Settings())
