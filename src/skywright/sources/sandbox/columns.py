"""Columns as the real services describe them: name, type, unit and UCD, in our own words."""

from __future__ import annotations

from skywright.sources.sandbox.holdings import Field

GAIA = (
    Field("source_id", "long", "", "meta.id;meta.main", "Number of the row in the given file"),
    Field("ra", "double", "deg", "pos.eq.ra;meta.main", "Right ascension, ICRS"),
    Field("ra_error", "float", "mas", "stat.error;pos.eq.ra", "Its error, on the sky"),
    Field("dec", "double", "deg", "pos.eq.dec;meta.main", "Declination, ICRS"),
    Field("dec_error", "float", "mas", "stat.error;pos.eq.dec", "Its error"),
    Field("parallax", "double", "mas", "pos.parallax.trig", "Parallax"),
    Field("parallax_error", "float", "mas", "stat.error;pos.parallax.trig", "Its error"),
    Field("pmra", "double", "mas.yr**-1", "pos.pm;pos.eq.ra", "Proper motion in RA, on the sky"),
    Field("pmra_error", "float", "mas.yr**-1", "stat.error;pos.pm;pos.eq.ra", "Its error"),
    Field("pmdec", "double", "mas.yr**-1", "pos.pm;pos.eq.dec", "Proper motion in declination"),
    Field("pmdec_error", "float", "mas.yr**-1", "stat.error;pos.pm;pos.eq.dec", "Its error"),
    Field("ruwe", "float", "", "stat.error", "Renormalised unit weight error"),
    Field("phot_g_mean_mag", "float", "mag", "phot.mag;em.opt", "Mean magnitude in G"),
    Field("phot_bp_mean_mag", "float", "mag", "phot.mag;em.opt.B", "Mean magnitude in BP"),
    Field("phot_rp_mean_mag", "float", "mag", "phot.mag;em.opt.R", "Mean magnitude in RP"),
    Field("bp_rp", "float", "mag", "phot.color;em.opt.B;em.opt.R", "Colour BP - RP"),
    Field("radial_velocity", "float", "km.s**-1", "spect.dopplerVeloc.opt", "Radial velocity"),
    Field("teff_gspphot", "float", "K", "phys.temperature.effective", "Effective temperature"),
    Field("l", "double", "deg", "pos.galactic.lon", "Galactic longitude"),
    Field("b", "double", "deg", "pos.galactic.lat", "Galactic latitude"),
)
"""Of ``gaiadr3.gaia_source``; what a file does not have is null."""

GAIA_IN_VIZIER = {
    "RA_ICRS": "ra",
    "DE_ICRS": "dec",
    "Source": "source_id",
    "e_RA_ICRS": "ra_error",
    "e_DE_ICRS": "dec_error",
    "Plx": "parallax",
    "e_Plx": "parallax_error",
    "pmRA": "pmra",
    "pmDE": "pmdec",
    "RUWE": "ruwe",
    "Gmag": "phot_g_mean_mag",
    "BPmag": "phot_bp_mean_mag",
    "RPmag": "phot_rp_mean_mag",
    "BP-RP": "bp_rp",
    "RV": "radial_velocity",
    "Teff": "teff_gspphot",
}
"""The same in VizieR's table I/355/gaiadr3."""

BASIC = (
    Field("oid", "long", "", "meta.record", "Number of the object here"),
    Field("main_id", "char", "", "meta.id;meta.main", "Main name", is_identifier=True),
    Field("ra", "double", "deg", "pos.eq.ra;meta.main", "Right ascension, ICRS J2000"),
    Field("dec", "double", "deg", "pos.eq.dec;meta.main", "Declination, ICRS J2000"),
    Field("coo_err_maj", "float", "mas", "phys.angSize.smajAxis;pos.errorEllipse", "Error, major"),
    Field("coo_err_min", "float", "mas", "phys.angSize.sminAxis;pos.errorEllipse", "Error, minor"),
    Field("coo_err_angle", "short", "deg", "pos.posAng;pos.errorEllipse", "Error, angle"),
    Field("coo_wavelength", "char", "", "instr.bandpass;pos.eq", "Where the position was measured"),
    Field("coo_bibcode", "char", "", "meta.bib.bibcode;pos.eq", "Paper of the position"),
    Field("otype", "char", "", "src.class", "Type of the object, as in otypedef"),
    Field("morph_type", "char", "", "src.morph.type", "Morphological type"),
    Field("sp_type", "char", "", "src.spType", "Spectral type"),
    Field("galdim_majaxis", "float", "arcmin", "phys.angSize.smajAxis", "Major axis"),
    Field("galdim_minaxis", "float", "arcmin", "phys.angSize.sminAxis", "Minor axis"),
    Field("galdim_angle", "short", "deg", "pos.posAng", "Position angle of the major axis"),
    Field("pmra", "double", "mas.yr-1", "pos.pm;pos.eq.ra", "Proper motion in RA, on the sky"),
    Field("pmdec", "double", "mas.yr-1", "pos.pm;pos.eq.dec", "Proper motion in declination"),
    Field("plx_value", "double", "mas", "pos.parallax.trig", "Parallax"),
    Field("rvz_radvel", "double", "km.s-1", "spect.dopplerVeloc.opt", "Radial velocity"),
    Field("rvz_redshift", "double", "", "src.redshift", "Redshift"),
    Field("rvz_type", "char", "", "meta.code", "How the velocity is given"),
    Field("nbref", "int", "", "meta.bib;meta.number", "Papers on the object"),
)
"""Of SIMBAD's ``basic``."""

IDENT = (
    Field("id", "char", "", "meta.id", "A name of the object", is_identifier=True),
    Field("oidref", "long", "", "meta.record", "The object in basic"),
)
FLUXES = ("U", "B", "V", "R", "I", "G", "J", "H", "K")
ALLFLUXES = (
    Field("oidref", "long", "", "meta.record", "The object in basic"),
    *(Field(band, "float", "mag", "phot.mag", f"Magnitude in {band}") for band in FLUXES),
)
OTYPEDEF = (
    Field("otype", "char", "", "src.class", "Short name"),
    Field("label", "char", "", "src.class", "Long name"),
    Field("description", "char", "", "meta.note", "What it is"),
)
OTYPES = {
    "*": ("Star", "star"),
    "**": ("**", "double or multiple star"),
    "As*": ("Association", "association of stars"),
    "OpC": ("OpenCluster", "open cluster"),
    "GlC": ("GlobCluster", "globular cluster"),
    "Cl*": ("Cluster*", "cluster of stars"),
    "G": ("Galaxy", "galaxy"),
    "PaG": ("PairG", "pair of galaxies"),
    "GrG": ("GroupG", "group of galaxies"),
    "PN": ("PlanetaryNeb", "planetary nebula"),
    "HII": ("HIIReg", "region of ionised hydrogen"),
    "DNe": ("DarkNeb", "dark nebula"),
    "GNe": ("GalNeb", "nebula"),
    "RNe": ("RefNeb", "reflection nebula"),
    "SNR": ("SNRemnant", "supernova remnant"),
    "No*": ("Nova", "nova"),
    "err": ("NotObject", "not an object"),
    "?": ("Unknown", "of unknown nature"),
}
FILTER = (
    Field("filtername", "char", "", "meta.id", "Name"),
    Field("description", "char", "", "meta.note", "What it is"),
    Field("unit", "char", "", "meta.unit", "Unit"),
)

PHOTOOBJ = (
    Field("objID", "long", "", "meta.id;meta.main", "Number of the row in the given file"),
    Field("ra", "double", "deg", "pos.eq.ra;meta.main", "Right ascension, J2000"),
    Field("dec", "double", "deg", "pos.eq.dec;meta.main", "Declination, J2000"),
    Field("type", "int", "", "src.class", "3 galaxy, 6 star"),
    *(Field(band, "float", "mag", f"phot.mag;em.opt.{band.upper()}") for band in "ugriz"),
    *(Field(f"err_{band}", "float", "mag", "stat.error;phot.mag") for band in "ugriz"),
)
"""Of SkyServer's ``PhotoObj``."""

SPECOBJ = (
    Field("specObjID", "long", "", "meta.id;meta.main", "Number of the row"),
    Field("ra", "double", "deg", "pos.eq.ra;meta.main", "Right ascension, J2000"),
    Field("dec", "double", "deg", "pos.eq.dec;meta.main", "Declination, J2000"),
    Field("z", "float", "", "src.redshift", "Redshift"),
    Field("zErr", "float", "", "stat.error;src.redshift", "Its error"),
    Field("zWarning", "int", "", "meta.code.qual", "0 where nothing is wrong"),
    Field("class", "char", "", "src.class", "GALAXY, QSO or STAR"),
    Field("subClass", "char", "", "src.class", "Subclass"),
    *(Field(name, "int", "", "meta.id") for name in ("plate", "mjd", "fiberID")),
)
"""Of SkyServer's ``SpecObj``."""

PLANETS = (
    Field("pl_name", "char", "", "meta.id;meta.main", "Planet"),
    Field("hostname", "char", "", "meta.id", "Star"),
    Field("discoverymethod", "char", "", "", "How it was found"),
    Field("disc_year", "int", "yr", "time.epoch", "Year of discovery"),
    Field("disc_pubdate", "char", "", "", "Month of the paper"),
    Field("disc_facility", "char", "", "", "Where it was found"),
    Field("disc_telescope", "char", "", "", "Telescope"),
    Field("pl_orbper", "double", "days", "time.period", "Period"),
    Field("pl_orbsmax", "double", "au", "phys.size.smajAxis", "Semi-major axis"),
    Field("pl_orbeccen", "double", "", "src.orbital.eccentricity", "Eccentricity"),
    Field("pl_rade", "double", "Earth radii", "phys.size.radius", "Radius"),
    Field("pl_bmasse", "double", "Earth masses", "phys.mass", "Mass, or mass times sin i"),
    Field("pl_eqt", "double", "K", "phys.temperature", "Equilibrium temperature"),
    Field("pl_insol", "double", "Earth flux", "phot.flux", "Insolation"),
    Field("st_spectype", "char", "", "src.spType", "Spectral type of the star"),
    Field("st_teff", "double", "K", "phys.temperature.effective", "Temperature of the star"),
    Field("st_rad", "double", "Solar radii", "phys.size.radius", "Radius of the star"),
    Field("st_mass", "double", "Solar mass", "phys.mass", "Mass of the star"),
    Field("ra", "double", "deg", "pos.eq.ra", "Right ascension"),
    Field("dec", "double", "deg", "pos.eq.dec", "Declination"),
    Field("sy_dist", "double", "pc", "pos.distance", "Distance"),
    Field("sy_vmag", "double", "mag", "phot.mag;em.opt.V", "V of the system"),
    Field("sy_snum", "int", "", "meta.number", "Stars"),
    Field("sy_pnum", "int", "", "meta.number", "Planets"),
    Field("sy_mnum", "int", "", "meta.number", "Moons"),
    Field("cb_flag", "int", "", "meta.code", "1 for a planet around two stars"),
    Field("disc_refname", "char", "", "", "Paper"),
    Field("disc_locale", "char", "", "", "Ground or space"),
)
"""Of the Exoplanet Archive's ``pscomppars``."""

OBSERVATION = (
    Field("observationID", "char", "", "meta.id;meta.main", "Name of the observation"),
    Field("obsID", "char", "", "meta.id", "Its key"),
    Field("collection", "char", "", "meta.id", "Archive it belongs to"),
    Field("intent", "char", "", "", "science or calibration"),
    Field("type", "char", "", "", "OBJECT, DARK and so on"),
    Field("proposal_id", "char", "", "obs.proposal", "Programme"),
    Field("target_name", "char", "", "meta.id;src", "Target"),
    Field("telescope_name", "char", "", "instr.tel", "Telescope"),
    Field("instrument_name", "char", "", "instr", "Instrument"),
)
PLANE = (
    Field("planeID", "char", "", "meta.id", "Its key"),
    Field("obsID", "char", "", "meta.id", "The observation"),
    Field("productID", "char", "", "meta.id", "Name of the product"),
    Field("calibrationLevel", "int", "", "meta.code", "0 raw to 4"),
    Field("dataProductType", "char", "", "meta.code.class", "image, spectrum, timeseries"),
)
OBSCORE = (
    Field("obs_id", "char", "", "meta.id", "Name of the observation"),
    Field("obs_collection", "char", "", "meta.id", "Mission or archive"),
    Field("dataproduct_type", "char", "", "meta.code.class", "image, spectrum, timeseries"),
    Field("calib_level", "int", "", "meta.code", "0 raw to 4"),
    Field("target_name", "char", "", "meta.id;src", "Target"),
    Field("s_ra", "double", "deg", "pos.eq.ra", "Right ascension"),
    Field("s_dec", "double", "deg", "pos.eq.dec", "Declination"),
    Field("t_min", "double", "d", "time.start", "Begin, MJD"),
    Field("t_max", "double", "d", "time.end", "End, MJD"),
    Field("t_exptime", "double", "s", "time.duration;obs.exposure", "Exposure"),
    Field("instrument_name", "char", "", "meta.id;instr", "Instrument"),
    Field("filters", "char", "", "instr.filter", "Filters"),
    Field("proposal_id", "char", "", "obs.proposal", "Programme"),
    Field("obs_title", "char", "", "meta.title", "Title of the programme"),
)
