"""Everyday names that OpenNGC does not list, or gives to another object than most people do."""

from __future__ import annotations

from functools import cache

from skywright.sources.object_names import key

_LISTED = """
M8: Lagoon
M13: Hercules Cluster, Great Hercules Cluster, Hercules Globular Cluster
M16: Eagle Nebula, Eagle, Pillars of Creation
M24: Sagittarius Star Cloud, Small Sagittarius Star Cloud
M31: Andromeda Nebula, Great Andromeda Nebula
M36: Pinwheel Cluster
M37: Salt and Pepper Cluster
M38: Starfish Cluster
M42: Great Nebula in Orion, Great Nebula of Orion
M43: De Mairan's Nebula
M44: Beehive Cluster, Beehive, Manger
M45: Seven Sisters, Subaru
M7: Ptolemy Cluster
M74: Phantom Galaxy
M77: Cetus A, Squid Galaxy
M81: Bode's Nebula
M87: Virgo A, Vir A
M101: Pinwheel Galaxy
NGC 104: 47 Tucanae
NGC 246: Skull Nebula
NGC 253: Sculptor Galaxy, Silver Coin Galaxy
NGC 281: Pacman Nebula
NGC 292: SMC
NGC 457: ET Cluster
NGC 869: h Per
NGC 884: chi Per
NGC 2024: Flame Nebula
NGC 2070: 30 Doradus
NGC 2237: Rosette Nebula, Rosette
NGC 2244: Rosette Cluster
NGC 2261: Hubble's Variable Nebula
NGC 2264: Cone Nebula
NGC 2359: Thor's Helmet, Thor's Helmet Nebula
NGC 2419: Intergalactic Wanderer
NGC 3132: Southern Ring Nebula
NGC 3242: Ghost of Jupiter, Ghost of Jupiter Nebula
NGC 3372: Eta Carinae Nebula
NGC 4438: Eyes Galaxies, Eyes
NGC 4656: Hockey Stick Galaxy
NGC 4755: Jewel Box, Jewel Box Cluster
NGC 5128: Cen A
NGC 5139: Omega Cen
NGC 5907: Splinter Galaxy
NGC 6334: Cat's Paw Nebula
NGC 6357: Lobster Nebula
NGC 6752: Great Peacock Globular, Great Pavo Cluster
NGC 6960: Western Veil Nebula
NGC 6992: Eastern Veil Nebula
NGC 7008: Fetus Nebula
NGC 7293: Helix
NGC 7662: Blue Snowball Nebula
NGC 7789: Caroline's Rose, Caroline's Rose Cluster
IC 418: Spirograph Nebula
IC 1396: Elephant's Trunk Nebula
IC 1805: Heart Nebula
IC 1848: Soul Nebula
IC 2177: Seagull Nebula
IC 2602: Southern Pleiades, Theta Carinae Cluster
IC 2944: Running Chicken Nebula
IC 4628: Prawn Nebula
Large Magellanic Cloud: LMC
KIC 8462852: Tabby's Star, Boyajian's Star
"""


def catalogued(name: str) -> str:
    """Return the number that an everyday name stands for, such as M44 for Beehive; else nothing."""
    return _by_key().get(key(name), "")


def everyday_names() -> list[str]:
    """Return all names of the list, as they are written."""
    return list(_numbers())


@cache
def _numbers() -> dict[str, str]:
    pairs = (line.split(": ") for line in _LISTED.strip().splitlines())
    return {one: number for number, names in pairs for one in names.split(", ")}


@cache
def _by_key() -> dict[str, str]:
    return {key(name): number for name, number in _numbers().items()}
