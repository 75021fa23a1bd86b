"""Files of one's own: known by their columns, installed whole or not at all."""

import gzip

import pytest

from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.settings import Settings
from skywright.sources import catalogues
from skywright.sources.cones import Cone

STARS = "ra,dec,G,BP,RP\n10.0,20.0,12.5,13.0,12.0\n10.001,20.0,15.0,0,14.0\n200.0,-5,9,9.5,99.999\n"
PHOTOMETRY = "id,ra,dec,u,g,r,i,z\n1,10.0,20.0,18,17,16.5,16.2,99.999\n"


@pytest.fixture
def settings(tmp_path):
    return Settings(catalogues_dir=tmp_path / "catalogues")


@pytest.fixture
def stars(tmp_path):
    file = tmp_path / "stars.csv"
    file.write_text(STARS)
    return file


def test_the_reference_files_are_known(assistant_data, settings):
    files = sorted((assistant_data / "catalogs").iterdir())
    found = {one.name: (one.kind, one.rows) for one in catalogues.add(files, settings)}
    assert found == {
        "m13_sdss_daophot.csv.gz": ("sdss", 25_240),
        "ngc6397_gaia_dr3.csv.gz": ("gaia", 12_071),
        "openngc_NGC.csv.gz": ("openngc", 13_969),
        "openngc_addendum.csv": ("openngc-addendum", 64),
    }


def test_a_cone_of_the_reference_stars_has_the_known_count(assistant_data, settings):
    catalogues.add([assistant_data / "catalogs" / "ngc6397_gaia_dr3.csv.gz"], settings)
    around = Cone(265.1754, -53.6743, 5 / 60)
    found, names, is_cut = catalogues.cone(settings, around, "gaia", 5_000)
    assert (found.height, is_cut) == (3_065, False)
    assert names == ["ngc6397_gaia_dr3.csv.gz"]
    assert found["distance_deg"].is_sorted()


def test_values_that_stand_for_none_are_null_and_colours_are_made(stars, settings):
    (one,) = catalogues.add([stars], settings)
    table = catalogues.read(one)
    assert table["bp_rp"].to_list() == [1.0, None, None]
    assert table["phot_rp_mean_mag"].to_list() == [12.0, 14.0, None]


def test_photometry_of_sdss_is_told_from_stars_of_gaia(tmp_path, settings):
    file = tmp_path / "p.csv.gz"
    file.write_bytes(gzip.compress(PHOTOMETRY.encode()))
    (one,) = catalogues.add([file], settings)
    assert one.kind == "sdss"
    assert catalogues.read(one)["z"].to_list() == [None]


def test_an_unknown_file_installs_nothing_and_names_what_is_known(tmp_path, stars, settings):
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match=r"other\.csv is none.*Known are: OpenNGC.*Gaia.*SDSS"):
        catalogues.add([stars, other], settings)
    assert not settings.catalogues_dir.exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ra,dec,G\n370,0,1\n", "no degrees"),
        ("ra,dec,G\nx,y,1\n", "no degrees"),
        ("ra,dec,G\n1,2,3,4,5\n", "cannot be read"),
    ],
)
def test_a_known_file_with_bad_rows_says_what_is_bad(tmp_path, settings, text, words):
    file = tmp_path / "bad.csv"
    file.write_text(text)
    with pytest.raises(InputError, match=words):
        catalogues.add([file], settings)
    assert not settings.catalogues_dir.exists()


def test_a_file_of_another_ending_is_refused(tmp_path, settings):
    file = tmp_path / "stars.fits"
    file.write_bytes(b"SIMPLE")
    with pytest.raises(InputError, match="does not end in"):
        catalogues.add([file], settings)


def test_a_path_that_leads_nowhere_is_refused(tmp_path, settings):
    with pytest.raises(InputError, match="There is no file"):
        catalogues.add([tmp_path / "none.csv"], settings)


def test_another_file_of_the_same_name_is_a_conflict(tmp_path, stars, settings):
    catalogues.add([stars], settings)
    catalogues.add([stars], settings)  # the same again is no change
    stars.write_text(STARS + "1,1,1,1,1\n")
    with pytest.raises(ConflictError, match="skywright catalogues rm stars.csv"):
        catalogues.add([stars], settings)
    assert catalogues.installed(settings)[0].rows == 3


def test_removing_leaves_the_rest(stars, settings):
    catalogues.add([stars], settings)
    with pytest.raises(NotFoundError, match=r"there are: stars\.csv"):
        catalogues.remove("other.csv", settings)
    assert catalogues.remove("stars.csv", settings).rows == 3
    assert catalogues.installed(settings) == []


def test_the_commands_add_list_and_remove(stars, settings, monkeypatch, run):
    monkeypatch.setenv("SKYWRIGHT_CATALOGUES_DIR", str(settings.catalogues_dir))
    assert run("catalogues", "add", str(stars), "--json")["catalogues"][0]["kind"] == "gaia"
    assert run("catalogues", "list", "--json")["catalogues"][0]["rows"] == 3
    assert run("catalogues", "rm", "stars.csv", "--json")["removed"]["name"] == "stars.csv"
    assert run("catalogues", "list", "--json") == {"catalogues": []}


@pytest.fixture
def run():
    import json

    from typer.testing import CliRunner

    from skywright.cli.main import app

    def run(*arguments):
        result = CliRunner().invoke(app, list(arguments))
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run
