"""Names resolved from files of OpenNGC: small ones written here, and the whole catalogue."""

import gzip
import shutil

import pytest

from skywright.errors import InputError, NotFoundError, SourceError
from skywright.settings import Settings
from skywright.sources import openngc
from skywright.sources.collecting import Visit, Wish, visit
from skywright.sources.cones import Cone
from skywright.sources.everyday_names import catalogued, everyday_names

HEAD = (
    "Name;Type;RA;Dec;Const;MajAx;MinAx;PosAng;B-Mag;V-Mag;J-Mag;H-Mag;K-Mag;SurfBr;Hubble;Pax;"
    "Pm-RA;Pm-Dec;RadVel;Redshift;Cstar U-Mag;Cstar B-Mag;Cstar V-Mag;M;NGC;IC;Cstar Names;"
    "Identifiers;Common names;NED notes;OpenNGC notes;Sources"
)


def line(name, kind, ra="", dec="", **cells):
    values = {"Name": name, "Type": kind, "RA": ra, "Dec": dec, **cells}
    return ";".join(values.get(column, "") for column in HEAD.split(";"))


SMALL = "\n".join(
    [
        HEAD,
        line("NGC0001", "G", "00:07:15.00", "-27:30:00.0", Identifiers="UGC 00057,PGC 000564"),
        line("NGC0002", "GCl", "12:00:00", "+45:15:36", M="007", **{"Common names": "Small One"}),
        line("NGC0003", "G", "01:00:00", "+01:00:00", **{"Common names": "The Pair Galaxies"}),
        line("NGC0004", "G", "01:00:01", "+01:00:00", **{"Common names": "The Pair Galaxies"}),
        line("IC0009", "Dup", "12:00:00", "+45:15:36", NGC="0002"),
        line("M008", "Dup", "1:0:0", "+1:0:0", M="007", **{"OpenNGC notes": "Controversial."}),
        line("NGC0005", "G", "02:00:00", "+01:00:00", **{"NED notes": "This may be M8."}),
    ]
)


@pytest.fixture
def settings(tmp_path, provider):
    folder = tmp_path / "catalogues"
    folder.mkdir()
    (folder / "NGC.csv").write_text(SMALL)
    return Settings(catalogues_dir=folder, openngc_url=provider.url)


@pytest.fixture(scope="module")
def whole(assistant_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogues")
    for name in ("openngc_NGC.csv.gz", "openngc_addendum.csv"):
        shutil.copy(assistant_data / "catalogs" / name, folder)
    return Settings(catalogues_dir=folder)


@pytest.mark.parametrize(
    ("name", "ra_deg", "dec_deg"),
    [
        ("M31", 10.6848, 41.2691),
        ("m 31", 10.6848, 41.2691),
        ("Messier 31", 10.6848, 41.2691),
        ("NGC 0224", 10.6848, 41.2691),
        ("ngc-224", 10.6848, 41.2691),
        ("the Andromeda galaxy", 10.6848, 41.2691),
        ("Andromeda", 10.6848, 41.2691),
        ("2MASX J00424433+4116074", 10.6848, 41.2691),
        ("UGC 454", 10.6848, 41.2691),
        ("M13", 250.4235, 36.4613),
        ("NGC 6397", 265.1723, -53.6737),
        ("Caldwell 86", 265.1723, -53.6737),
        ("Pleiades", 56.8692, 24.1053),
    ],
)
def test_every_way_to_write_a_name_leads_to_the_position(whole, name, ra_deg, dec_deg):
    found = openngc.resolve(name, whole)
    assert found.ra_deg == pytest.approx(ra_deg, abs=5e-5)
    assert found.dec_deg == pytest.approx(dec_deg, abs=5e-5)


def test_every_entry_of_the_catalogue_is_found_by_its_own_name(whole):
    table = openngc.objects(whole)
    for name, ra_deg in table.sample(200, seed=7).select("name", "ra_deg").rows():
        assert openngc.resolve(name, whole).ra_deg == ra_deg


def test_messier_102_is_not_decided_and_near_names_are_told(whole):
    with pytest.raises(NotFoundError, match="no object named 'M102'.*NGC5866.*Near it are M101"):
        openngc.resolve("M102", whole)


@pytest.mark.parametrize(
    ("name", "number"),
    [("Beehive Cluster", "NGC2632"), ("omega cen", "NGC5139"), ("47 Tucanae", "NGC0104"),
     ("Seven Sisters", "Mel022"), ("Eagle Nebula", "NGC6611"), ("the Helix", "NGC7293")],
)  # fmt: skip
def test_an_everyday_name_leads_to_what_most_people_mean(whole, name, number):
    assert openngc.resolve(name, whole).catalogue_name == number


def test_every_number_of_the_everyday_names_is_in_the_catalogue_or_is_a_star(whole):
    for name in everyday_names():
        number = catalogued(name)
        if not number.startswith("KIC"):
            assert openngc.resolve(number, whole).ra_deg >= 0.0


def test_near_names_are_told_as_they_are_written(whole):
    with pytest.raises(NotFoundError, match="Near it are .*omega Nebula"):
        openngc.resolve("Omega Nebulae X", whole)


def test_an_object_has_its_type_in_words_and_its_magnitudes(whole):
    found = openngc.resolve("M31", whole)
    assert (found.name, found.catalogue_name, found.kind) == ("M31", "NGC0224", "galaxy")
    assert found.magnitudes["V"] == 3.44
    assert found.values["major_axis_arcmin"] == 177.83
    assert "CC BY-SA 4.0" in found.licence


def test_degrees_come_from_hours_minutes_and_signs(settings):
    found = openngc.resolve("NGC 1", settings)
    assert found.ra_deg == pytest.approx(15 * (7 / 60 + 15 / 3600))
    assert found.dec_deg == pytest.approx(-27.5)


def test_an_entry_that_repeats_another_leads_to_it(settings):
    assert openngc.resolve("IC 9", settings).catalogue_name == "NGC0002"


def test_an_entry_whose_identity_is_argued_about_is_not_followed(settings):
    with pytest.raises(NotFoundError, match=r"NGC0005: 'This may be M8\.'"):
        openngc.resolve("M8", settings)


def test_a_name_of_two_objects_tells_of_the_other(settings):
    found = openngc.resolve("Pair", settings)
    assert found.catalogue_name == "NGC0003"
    assert found.also == ("NGC0004",)


@pytest.mark.parametrize("name", ["", "   ", "?!", "x" * 200])
def test_an_empty_or_endless_name_is_refused(settings, name):
    with pytest.raises(InputError, match="empty or too long"):
        openngc.resolve(name, settings)


def test_without_a_file_the_hint_says_how_to_get_one(tmp_path):
    with pytest.raises(NotFoundError, match="skywright collect openngc"):
        openngc.resolve("M31", Settings(catalogues_dir=tmp_path / "none"))


def test_a_file_that_changed_is_read_again(settings):
    assert openngc.resolve("M7", settings).catalogue_name == "NGC0002"
    file = settings.catalogues_dir / "NGC.csv"
    file.write_text(SMALL.replace("007", "070"))
    with pytest.raises(NotFoundError):
        openngc.resolve("M7", settings)


def test_a_cone_gives_the_nearest_first(settings):
    found, is_cut = openngc.cone(settings, Cone(15.0, 1.0, 0.1), limit=1)
    assert found["name"].to_list() == ["NGC0003"]
    assert is_cut


def test_collecting_keeps_the_files_where_names_are_resolved(provider, fetcher, tmp_path):
    settings = Settings(catalogues_dir=tmp_path / "new", openngc_url=provider.url)
    addendum = HEAD + "\n" + line("Mel022", "OCl", "03:47:28.6", "+24:06:19", M="045")
    plain = {"Content-Type": "text/plain"}
    provider.say(provider.reply(SMALL, headers=plain), provider.reply(addendum, headers=plain))
    one = Visit(openngc.STATE, fetcher, settings, Wish(limit=3))
    table = visit(openngc.COLLECTOR, "objects", one)
    assert table.height == 3
    assert [asked[0] for asked in provider.asked] == ["/NGC.csv", "/addendum.csv"]
    assert openngc.resolve("M45", settings).catalogue_name == "Mel022"


def test_a_web_page_in_place_of_a_file_leaves_nothing_behind(provider, fetcher, tmp_path):
    settings = Settings(catalogues_dir=tmp_path / "new", openngc_url=provider.url)
    provider.say("<html>Not here</html>")
    with pytest.raises(SourceError, match="web page"):
        visit(openngc.COLLECTOR, "objects", Visit(openngc.STATE, fetcher, settings))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"a;b\n1;2",
        (HEAD + "\nNGC0001;G;x;y").encode(),
        b"",
        gzip.compress(b"Name;Type\n1;2", mtime=0),
    ],
)
def test_another_file_is_an_error_in_words(content):
    with pytest.raises(SourceError, match="OpenNGC"):
        openngc.read_openngc(content)
