import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skywright.errors import MissingExtraError
from skywright.orbits.constants import AU_KM
from skywright.orbits.dynamics import ForceModel
from skywright.orbits.integrator import propagate
from skywright.orbits.rebound_engine import propagate_with_rebound

_JD = 2_459_000.5
_NEO = np.array([[0.6, -0.9, 0.1, 0.012, 0.009, 0.001], [1.2, 0.3, 0.0, -0.005, 0.016, 0.002]])


def test_a_missing_package_names_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "assist", None)
    with pytest.raises(MissingExtraError, match=r"skywright\[rebound\]"):
        propagate_with_rebound(_NEO, _JD, _JD + 100)


def test_nothing_imports_the_gpl_packages_on_its_own():
    import subprocess

    code = "import sys, skywright.orbits.rebound_engine; print('rebound' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("nongrav", [None, np.array([1e-12, -5e-13, 2e-13])])
@pytest.mark.parametrize("days", [3652.5, -3652.5])
def test_both_engines_agree_within_kilometres_over_ten_years(days, nongrav):
    pytest.importorskip("assist")
    model = ForceModel(nongrav=nongrav)
    ours = propagate(_NEO, _JD, _JD + days, model)
    theirs = propagate_with_rebound(_NEO, _JD, _JD + days, model)
    assert_allclose(ours[:, :3], theirs[:, :3], rtol=0, atol=3 / AU_KM)
