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
    file = tmp_path / "stars.xlsx"
    file.write_bytes(b"PK")
    with pytest.raises(InputError, match="does not end in"):
        catalogues.add([file], settings)


def write_light_curve(path, star, mission="Kepler", flux="PDCSAP_FLUX"):
    """Write a light-curve file as the missions have them; its last cadence has a flag."""
    from astropy.io import fits

    columns = [
        fits.Column("TIME", "D", array=[1.0, 2.0, 3.0, 4.0]),
        fits.Column(flux, "E", array=[10.0, 10.0, 9.0, 90.0]),
        fits.Column("SAP_QUALITY", "J", array=[0, 0, 0, 1]),
    ]
    table = fits.BinTableHDU.from_columns(columns)
    table.header["BJDREFI"], table.header["BJDREFF"] = 2454833, 0.0
    first = fits.PrimaryHDU()
    first.header["OBJECT"], first.header["MISSION"] = star, mission
    fits.HDUList([first, table]).writeto(path)
    return path


@pytest.mark.parametrize(
    ("name", "flux"),
    [
        ("kplr011904151-2010265121752_llc.fits", "PDCSAP_FLUX"),
        ("c01.fit", "FLUX"),
        ("lc.fits.gz", "SAP_FLUX"),
    ],
)
def test_a_light_curve_in_fits_is_installed_with_the_star_of_its_header(
    tmp_path, settings, name, flux
):
    file = write_light_curve(tmp_path / name, "KIC 11904151", flux=flux)
    (one,) = catalogues.add([file], settings)
    assert (one.kind, one.rows, one.star) == ("light-curve", 3, "KIC 11904151")
    assert flux in one.columns
    assert catalogues.read(one)["normalised_flux"].to_list() == pytest.approx([1.0, 1.0, 0.9])


@pytest.mark.parametrize(
    ("name", "text"),
    [("quiet-star.csv", "time,flux\n1,10\n2,11\n"), ("a.tsv", "BJD\tmag\n1\t9\n2\t99.999\n3\t9")],
)
def test_a_light_curve_in_text_is_installed(tmp_path, settings, name, text):
    (tmp_path / name).write_text(text)
    (one,) = catalogues.add([tmp_path / name], settings)
    assert (one.kind, one.rows, one.star) == ("light-curve", 2, "")


def test_light_curves_are_found_by_header_and_by_name_the_last_first(tmp_path, settings):
    texts = ["kepler-10_lc.csv", "kepler-101_lc.csv"]
    for name in texts:
        (tmp_path / name).write_text("time,flux\n1,10\n2,11\n")
    files = [tmp_path / name for name in texts]
    files += [write_light_curve(tmp_path / f"tess-s{k}_lc.fits", "TIC 7") for k in (1, 2)]
    catalogues.add(files, settings)
    of = lambda star: [one.name for one in catalogues.light_curve_files(settings, star)]  # noqa: E731
    assert of("tic 7") == ["tess-s2_lc.fits", "tess-s1_lc.fits"]
    assert of("Kepler-10") == ["kepler-10_lc.csv"]
    assert of("TIC 8") == of("") == []


def test_a_light_curve_is_found_by_the_everyday_name_of_its_star(tmp_path, settings):
    catalogues.add([write_light_curve(tmp_path / "x_llc.fits", "KIC 8462852")], settings)
    assert catalogues.light_curve_files(settings, "Tabby's star")


@pytest.mark.parametrize("content", [b"", b"SIMPLE  =", b"<html></html>"])
def test_a_fits_file_that_is_no_light_curve_is_refused(tmp_path, settings, content):
    (tmp_path / "x_lc.fits").write_bytes(content)
    with pytest.raises(InputError, match=r"x_lc\.fits is no light curve in FITS"):
        catalogues.add([tmp_path / "x_lc.fits"], settings)
    assert not settings.catalogues_dir.exists()


def test_a_cube_of_pixels_is_no_light_curve(tmp_path, settings):
    from astropy.io import fits

    time = fits.Column("TIME", "D", array=[1.0, 2.0])
    pixels = fits.Column("FLUX", "4E", dim="(2,2)", array=[[[1, 2], [3, 4]]] * 2)
    table = fits.BinTableHDU.from_columns([time, pixels])
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "x_tp.fits")
    with pytest.raises(InputError, match="has no column PDCSAP_FLUX with a value for each cadence"):
        catalogues.add([tmp_path / "x_tp.fits"], settings)


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
