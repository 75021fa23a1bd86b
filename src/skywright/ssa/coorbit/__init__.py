"""Keeping clear of co-orbital neighbours: worlds to practise in, exact limits, policies."""

from __future__ import annotations

from importlib.util import find_spec


def _register() -> None:
    if find_spec("gymnasium") is None:
        return
    import gymnasium

    name = "skywright/CoorbitAvoid-v0"
    if name not in gymnasium.registry:
        gymnasium.register(id=name, entry_point="skywright.ssa.coorbit.environment:CoorbitAvoid")


_register()
