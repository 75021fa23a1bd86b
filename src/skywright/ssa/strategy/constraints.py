"""What a plan must keep to."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from skywright.errors import InputError

REFERENCE_LEADS = (0.5, 1.5, 2.5)
"""Revolutions before the closest approach for which a plan is always told."""


@dataclass(frozen=True, slots=True)
class Constraints:
    """Limits of the operator; the defaults are wide."""

    target_pc: float = 1e-6
    """The probability to reach."""
    lead_revolutions: tuple[float, ...] = REFERENCE_LEADS
    """Burn times considered [own revolutions before the closest approach]."""
    max_dv_m_s: float = math.inf
    """Of one burn [m/s]."""
    max_total_dv_m_s: float = math.inf
    """Of all burns of a plan, the return burn included [m/s]."""
    min_impulse_m_s: float = 0.0
    """The smallest burn that the thrusters can give [m/s]."""
    blackouts_h: tuple[tuple[float, float], ...] = ()
    """Spans without burns, as (from, to) in hours before the closest approach."""
    windows_h: tuple[tuple[float, float], ...] = ()
    """If given, burns lie in one of these; as the blackouts."""
    command_lead_s: float = 0.0
    """From now to the earliest burn [s]."""
    time_to_tca_s: float = math.inf
    """From now to the closest approach, where a conjunction does not tell [s]."""
    station_box_km: float = math.inf
    """In-track drift allowed one revolution after the closest approach [km]."""
    return_burn: bool = False
    """Whether the orbit must be restored one revolution after the closest approach."""
    approved: bool = False
    """Whether a person has approved; no plan is for execution before that."""

    def __post_init__(self) -> None:
        """Refuse what cannot be kept."""
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, float) and math.isnan(value):
                _refuse(one.name, value, "a number")
        if not 1e-15 < self.target_pc < 1.0:
            _refuse("target_pc", self.target_pc, "more than 1e-15 and less than 1")
        self._check_leads()
        self._check_limits()
        self._check_spans()

    def _check_leads(self) -> None:
        if not self.lead_revolutions:
            _refuse("lead_revolutions", "()", "at least one number")
        for lead in self.lead_revolutions:
            if not 0.02 <= lead <= 200.0:
                _refuse("lead_revolutions", lead, "between 0.02 and 200")

    def _check_limits(self) -> None:
        for name in ("max_dv_m_s", "max_total_dv_m_s", "time_to_tca_s", "station_box_km"):
            if not getattr(self, name) > 0.0:
                _refuse(name, getattr(self, name), "more than 0")
        for name in ("min_impulse_m_s", "command_lead_s"):
            if not 0.0 <= getattr(self, name) < math.inf:
                _refuse(name, getattr(self, name), "0 or more")
        if self.min_impulse_m_s > self.max_dv_m_s:
            _refuse("min_impulse_m_s", self.min_impulse_m_s, f"at most {self.max_dv_m_s:g}")

    def _check_spans(self) -> None:
        for name in ("blackouts_h", "windows_h"):
            for first, last in getattr(self, name):
                if not first > last >= 0.0:
                    told = "(from, to) hours before the closest approach, from the larger"
                    _refuse(name, (first, last), told)


def _refuse(name: str, value: object, allowed: str) -> None:
    message = f"{name} must be {allowed}, got {value}."
    raise InputError(message)
