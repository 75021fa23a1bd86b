"""What tools leave behind says where it comes from, also when that is a stand-in."""

import pytest

from skywright.assistant.tools.desk import Desk
from skywright.assistant.tools.shelf import keep_text, origin_from, slug
from skywright.settings import get_settings
from skywright.sources import exoplanets


@pytest.mark.parametrize("host", ["127.0.0.1:8123", "localhost", "[::1]:80"])
def test_rows_of_a_stand_in_are_never_told_as_those_of_the_service(host):
    told = origin_from(exoplanets.STATE, url=f"http://{host}/exoplanets/tap")
    assert told.title == "NASA Exoplanet Archive (a stand-in on this machine)"


def test_rows_of_the_service_carry_its_name_alone():
    told = origin_from(exoplanets.STATE, url="https://exoplanetarchive.ipac.caltech.edu/TAP")
    assert told.title == "NASA Exoplanet Archive"


def test_a_file_never_replaces_one_of_the_same_name(tmp_path):
    desk = Desk(folder=tmp_path, settings=get_settings())
    made = [keep_text(desk, "My Papers", ".bib", "t", text) for text in ("one", "two")]
    assert [one.id for one in made] == ["my-papers.bib", "my-papers-2.bib"]


def test_names_of_files_hold_no_way_out_of_their_folder():
    assert slug("../../etc/passwd") == "etc-passwd"
