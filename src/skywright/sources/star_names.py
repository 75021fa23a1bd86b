"""Names of stars by letter or number and constellation, in the short form of the catalogues.

``Beta Pictoris b`` is ``bet Pic b`` to the NASA Exoplanet Archive and SIMBAD. The abbreviations
are those of the IAU (1922 and 1930), the genitives those listed beside them.
"""

from __future__ import annotations

import re

_GENITIVES = """
And Andromedae; Ant Antliae; Aps Apodis; Aqr Aquarii; Aql Aquilae; Ara Arae; Ari Arietis;
Aur Aurigae; Boo Bootis; Cae Caeli; Cam Camelopardalis; Cnc Cancri; CVn Canum Venaticorum;
CMa Canis Majoris; CMi Canis Minoris; Cap Capricorni; Car Carinae; Cas Cassiopeiae; Cen Centauri;
Cep Cephei; Cet Ceti; Cha Chamaeleontis; Cir Circini; Col Columbae; Com Comae Berenices;
CrA Coronae Australis; CrB Coronae Borealis; Crv Corvi; Crt Crateris; Cru Crucis; Cyg Cygni;
Del Delphini; Dor Doradus; Dra Draconis; Equ Equulei; Eri Eridani; For Fornacis; Gem Geminorum;
Gru Gruis; Her Herculis; Hor Horologii; Hya Hydrae; Hyi Hydri; Ind Indi; Lac Lacertae;
Leo Leonis; LMi Leonis Minoris; Lep Leporis; Lib Librae; Lup Lupi; Lyn Lyncis; Lyr Lyrae;
Men Mensae; Mic Microscopii; Mon Monocerotis; Mus Muscae; Nor Normae; Oct Octantis;
Oph Ophiuchi; Ori Orionis; Pav Pavonis; Peg Pegasi; Per Persei; Phe Phoenicis; Pic Pictoris;
Psc Piscium; PsA Piscis Austrini; Pup Puppis; Pyx Pyxidis; Ret Reticuli; Sge Sagittae;
Sgr Sagittarii; Sco Scorpii; Scl Sculptoris; Sct Scuti; Ser Serpentis; Sex Sextantis; Tau Tauri;
Tel Telescopii; Tri Trianguli; TrA Trianguli Australis; Tuc Tucanae; UMa Ursae Majoris;
UMi Ursae Minoris; Vel Velorum; Vir Virginis; Vol Volantis; Vul Vulpeculae
"""
_LETTERS = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]
_CONSTELLATIONS = {
    genitive.lower(): short
    for short, _, genitive in (one.strip().partition(" ") for one in _GENITIVES.split(";"))
}
_LETTER = re.compile(rf"^({'|'.join(_LETTERS)})(\d?)\b", re.IGNORECASE)
_GENITIVE = re.compile(
    rf"\b({'|'.join(sorted(_CONSTELLATIONS, key=len, reverse=True))})\b", re.IGNORECASE
)
_BARE = re.compile(r"['’]s star$", re.IGNORECASE)


def short_name(name: str) -> str:
    """Return the short form of a name: ``Tau Ceti e`` is ``tau Cet e``; others stay as they are.

    Parameters
    ----------
    name : str
        Of a star or a planet. A Greek letter is shortened only before a constellation, and the
        word star after the name of a person is left out (``Barnard's Star`` is ``Barnard``).
    """
    short, found = _GENITIVE.subn(lambda one: _CONSTELLATIONS[one[1].lower()], name.strip())
    if found:
        short = _LETTER.sub(lambda one: _letter(one[1].lower()) + one[2], short)
    return _BARE.sub("", short)


def _letter(letter: str) -> str:
    return "alf" if letter == "alpha" else letter[:3]
