"""Offsets in the axes of an orbit: the kernel and the matrices say the same."""

import numpy as np

from skywright.orbits._rtn import offsets_rtn
from skywright.orbits.frames import rtn_basis


def test_offsets_are_those_of_the_basis():
    random = np.random.default_rng(4)
    own, other = random.normal(size=(2, 50, 6)) * 7000.0
    found = np.empty((50, 3))
    offsets_rtn(own, other, found)
    expected = np.einsum("nij,nj->ni", rtn_basis(own), other[:, :3] - own[:, :3])
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8)


def test_what_is_not_known_stays_so():
    own = np.array([[np.nan] * 6, [7000.0, 0.0, 0.0, 0.0, 7.5, 0.0]])
    found = np.empty((2, 3))
    offsets_rtn(own, own[1] + np.zeros((2, 6)), found)
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [0.0, 0.0, 0.0]
