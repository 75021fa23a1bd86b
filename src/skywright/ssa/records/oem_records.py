"""Ephemerides as records: one a state, with the covariance of its moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from skywright.errors import InputError
from skywright.ssa.records.oem import COVARIANCE_FRAMES, FRAMES, Oem, OemCovariance, OemSegment
from skywright.ssa.records.record import Record, State
from skywright.ssa.records.record_limits import LONGEST_ID

F64 = npt.NDArray[np.float64]


def records_of_oem(oem: Oem, source: str) -> list[Record]:
    """Return the states of a message as records, received when the message was made.

    Covariances between two states stay with the message: they belong to no record.

    Parameters
    ----------
    oem : Oem
        The message.
    source : str
        Its file or provider.
    """
    return [one for segment in oem.segments for one in _of_segment(segment, oem, source)]


def _of_segment(segment: OemSegment, oem: Oem, source: str) -> list[Record]:
    by_epoch = {one.epoch_utc: one for one in segment.covariances}
    return [
        Record(
            segment.object_id[:LONGEST_ID],
            source,
            oem.created_utc,
            epoch,
            FRAMES[segment.frame],
            _state(state, by_epoch.get(epoch)),
            segment.object_name,
        )
        for epoch, state in zip(segment.epochs_utc, segment.states, strict=True)
    ]


def _state(state: F64, covariance: OemCovariance | None) -> State:
    x, y, z, vx, vy, vz = state.tolist()
    if covariance is None:
        return State((x, y, z), (vx, vy, vz))
    frame = None if covariance.frame is None else COVARIANCE_FRAMES[covariance.frame]
    matrix = covariance.matrix
    if frame == "TNW":
        matrix, frame = _turned(matrix, tnw_basis(state)), None
    return State((x, y, z), (vx, vy, vz), tuple(map(tuple, matrix.tolist())), frame)


def tnw_basis(state: F64) -> F64:
    """Return the axes of CCSDS' TNW as rows: along the velocity, W x T, along the momentum; (3, 3).

    Raises
    ------
    InputError
        If position and velocity are parallel.
    """
    r, v = state[:3], state[3:]
    momentum = np.cross(r, v)
    size = float(np.linalg.norm(momentum))
    if size == 0.0:
        message = "A covariance in TNW needs a state whose velocity is not radial."
        raise InputError(message)
    t, w = v / np.linalg.norm(v), momentum / size
    return np.stack([t, np.cross(w, t), w])


def _turned(matrix: F64, basis: F64) -> F64:
    """Turn a covariance from axes that are the rows of a basis into those of the basis."""
    whole = np.kron(np.eye(2), basis)
    turned = whole.T @ matrix @ whole
    return np.asarray(0.5 * (turned + turned.T))
