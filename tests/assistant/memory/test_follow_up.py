"""A conversation that went out of one installation goes on in another where it ended."""

import pytest

from skywright.assistant.memory.exchange import export_lines, import_lines
from skywright.assistant.session import Session


@pytest.mark.slow
def test_plot_it_still_means_the_table_of_before(sandbox, assistant_data, tmp_path):
    def session(folder):
        overrides = {"data_dir": folder, "catalogues_dir": assistant_data / "catalogs"}
        return Session(sandbox.settings().model_copy(update=overrides))

    here, there = session(tmp_path / "here"), session(tmp_path / "there")
    id_ = here.memory.begin().id
    found = here.answer("Find Gaia sources within 2 arcmin of NGC 6397", conversation=id_)
    lines = list(export_lines(here.memory, id_))
    here.memory.remove(id_)
    new = import_lines(there.memory, lines)
    told = there.answer("plot it", conversation=new.id)
    assert [run.call.tool for run in told.tool_runs] == ["plot-cmd"]
    assert f"of the table {found.tool_runs[-1].result.table}" in told.text
    assert {one.media_type for one in told.artifacts} >= {"image/png"}
