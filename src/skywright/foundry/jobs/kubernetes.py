"""Attempts on Kubernetes: a Job manifest, rendered here and handed to ``kubectl``.

The cluster mounts the data folder from a volume claim under the same path. A pod is never restarted
by Kubernetes: the queue decides about retries.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.foundry.jobs.far_attempt import FarAttempt
from skywright.foundry.jobs.launcher import Order
from skywright.settings import Settings

_KEPT_S = 86_400
_LONGEST_NAME = 63


def manifest(order: Order, *, image: str, claim: str, data_dir: str) -> str:
    """Render the Job of an attempt as YAML.

    Parameters
    ----------
    order : Order
        The attempt.
    image : str
        Container image with skywright and its training extra.
    claim : str
        Persistent volume claim of the data folder.
    data_dir : str
        Where the pod mounts it: the same path as here.

    Returns
    -------
    str
        One ``batch/v1`` Job; every value is quoted, so that none is read as something else.
    """
    command = ["python", *order.argv[1:]]
    variables = {"DO_NOT_TRACK": "1", "SKYWRIGHT_DATA_DIR": data_dir, **order.environment}
    return "\n".join(
        [
            "apiVersion: batch/v1",
            "kind: Job",
            "metadata:",
            f"  name: {_text(name_of(order))}",
            "  labels:",
            '    app.kubernetes.io/name: "skywright"',
            f"    skywright/job: {_text(_label(order.job_id))}",
            "spec:",
            "  backoffLimit: 0",
            f"  ttlSecondsAfterFinished: {_KEPT_S}",
            "  template:",
            "    spec:",
            "      restartPolicy: Never",
            "      automountServiceAccountToken: false",
            "      securityContext:",
            "        runAsNonRoot: true",
            "      containers:",
            '        - name: "attempt"',
            f"          image: {_text(image)}",
            f"          command: {json.dumps(command)}",
            "          env:",
            *(
                line
                for name, value in sorted(variables.items())
                for line in (
                    f"            - name: {_text(name)}",
                    f"              value: {_text(value)}",
                )
            ),
            "          resources:",
            *_resources(order),
            "          volumeMounts:",
            '            - name: "data"',
            f"              mountPath: {_text(data_dir)}",
            "      volumes:",
            '        - name: "data"',
            "          persistentVolumeClaim:",
            f"            claimName: {_text(claim)}",
            "",
        ]
    )


def name_of(order: Order) -> str:
    """Return the name of the Job: allowed by Kubernetes, and the same for the same attempt."""
    suffix = f"-{order.attempt}"
    plain = "".join(c if c.isalnum() else "-" for c in order.job_id.lower()).strip("-")
    return f"skywright-{plain}"[: _LONGEST_NAME - len(suffix)].rstrip("-") + suffix


class KubernetesLauncher:
    """Starts attempts with ``kubectl`` in the context it is configured for."""

    ask_every_s = 2.0

    def __init__(self, settings: Settings) -> None:
        program = shutil.which("kubectl")
        if program is None:
            message = "Training on Kubernetes needs the program kubectl, which is not here."
            raise InputError(message, hint="Install it, and a context that may create Jobs.")
        if not settings.kubernetes_image or not settings.kubernetes_claim:
            message = "Training on Kubernetes needs an image and a volume claim."
            names = "SKYWRIGHT_KUBERNETES_IMAGE and SKYWRIGHT_KUBERNETES_CLAIM"
            raise InputError(message, hint=f"Set {names}.")
        self._program = program
        self._settings = settings

    def start(self, order: Order) -> FarAttempt:
        """Apply the manifest of an attempt."""
        text = manifest(
            order,
            image=self._settings.kubernetes_image,
            claim=self._settings.kubernetes_claim,
            data_dir=str(self._settings.data_dir.expanduser().absolute()),
        )
        self.kubectl("apply", "-f", "-", given=text)
        return FarAttempt(self, name_of(order))

    def attach(self, handle: str, order: Order) -> FarAttempt:
        """Find a Job again after a restart; see `Launcher`."""
        if not self.state(handle):
            message = f"The cluster has no Job {handle} of job {order.job_id}."
            raise NotFoundError(message)
        return FarAttempt(self, handle)

    def state(self, name: str) -> dict[str, Any]:
        """Return the Job as the cluster tells it; empty if it has none of that name."""
        told = self.kubectl("get", "job", name, "-o", "json", tolerant=True)
        return dict(json.loads(told)) if told.startswith("{") else {}

    def code_of(self, name: str) -> int | None:
        """Return the exit code of a Job; see `FarPlace`."""
        return _code(self.state(name))

    def log_of(self, name: str) -> str:
        """Return the log of a Job; see `FarPlace`."""
        return self.kubectl("logs", f"job/{name}", tolerant=True)

    def end(self, name: str) -> int:
        """Delete a Job with its pods, and wait for it."""
        self.kubectl("delete", "job", name, "--wait", tolerant=True)
        return -15

    def close(self) -> None:
        """Nothing is held."""

    def kubectl(self, *argv: str, given: str = "", tolerant: bool = False) -> str:
        """Run kubectl and return what it printed.

        Raises
        ------
        SourceError
            If it failed, unless a failure is tolerated.
        """
        done = subprocess.run(  # noqa: S603
            [self._program, *argv], input=given, capture_output=True, text=True, check=False
        )
        if done.returncode and not tolerant:
            message = f"kubectl {argv[0]} failed: {done.stderr.strip()[-300:]}."
            raise SourceError(
                message, hint="Check the context with: kubectl config current-context"
            )
        return done.stdout


def _code(state: dict[str, Any]) -> int | None:
    status = state.get("status", {})
    if status.get("succeeded"):
        return 0
    if status.get("failed") or not state:
        return 1
    return None


def _resources(order: Order) -> list[str]:
    asked = {"cpu": f"{order.cpus:g}"}
    if order.memory_gb:
        asked["memory"] = f"{order.memory_gb:g}G"
    limits = {"nvidia.com/gpu": f"{order.gpus:g}"} if order.gpus else {}
    lines = ["            requests:"]
    lines += [f"              {name}: {_text(value)}" for name, value in asked.items()]
    if limits:
        lines += ["            limits:"]
        lines += [f"              {name}: {_text(value)}" for name, value in limits.items()]
    return lines


def _label(text: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in text)[:_LONGEST_NAME].strip("-")


def _text(value: str) -> str:
    """Quote a value: every JSON string is a YAML string."""
    return json.dumps(value)
