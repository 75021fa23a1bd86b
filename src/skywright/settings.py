"""What an operator may change without touching code: one frozen object, ``SKYWRIGHT_*``."""

from __future__ import annotations

import difflib
import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from skywright.errors import InputError

_PREFIX = "SKYWRIGHT_"


class Settings(BaseSettings):
    """All settings; defaults run everything embedded, with no server and no key."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, extra="forbid", frozen=True, use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    """Address the web server listens on; anything but loopback needs an API key on record."""

    port: int = Field(default=8080, ge=1, le=65535)
    """TCP port of the web server."""

    data_dir: Path = Path("~/.local/share/skywright")
    """Folder of the database, the blobs and the collected catalogues."""

    catalogues_dir: Path = Field(
        default_factory=lambda known: known.get("data_dir", Path()).expanduser() / "catalogues"
    )
    """Folder of catalogue files of one's own; empty means ``catalogues`` in the data folder."""

    database_url: str = ""
    """SQLAlchemy URL; empty means SQLite in the data folder."""

    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")
    """Least severe log line that is written."""

    log_format: str = Field(default="auto", pattern="^(auto|json|console)$")
    """Log lines as JSON or for reading; auto is for reading on a terminal, JSON elsewhere."""

    threads: int = Field(default=0, ge=0, le=256)
    """Threads for orbit kernels; 0 means one per available core."""

    rate_limit_per_minute: int = Field(default=60_000, ge=1)
    """Requests a minute that one caller may make."""

    address_limit_per_minute: int = Field(default=240_000, ge=1)
    """Requests a minute from one address, all its keys together; IPv6 counts by /64."""

    failed_keys_per_minute: int = Field(default=60, ge=1)
    """Requests a minute with a missing or wrong key that one address may make."""

    limits_url: str = ""
    """Where requests are counted: redis://host:port/db; empty counts in memory, by process."""

    max_clones: int = Field(default=100_000, ge=1)
    """Most clones of one Monte Carlo request."""

    max_objects: int = Field(default=1000, ge=1)
    """Most objects of one HTTP request."""

    pseudonym_salt: SecretStr = SecretStr("")
    """Secret that turns user names into pseudonyms; empty means one made in the data folder."""

    master_key: SecretStr = SecretStr("")
    """Wraps the keys of encrypted files, 32 bytes in base64; empty: made in the data folder."""

    ray_address: str = ""
    """Address of a Ray cluster for Monte Carlo over many objects; empty runs on this machine."""

    job_lease_s: float = Field(default=15.0, ge=1.0, le=3600.0)
    """How long a training job is a worker's without a sign of life [s]."""

    job_cpus: int = Field(default=0, ge=0)
    """Cores that training jobs may use at once; 0 means all."""

    job_gpus: int = Field(default=0, ge=0)
    """Accelerators that training jobs may use at once."""

    job_memory_gb: float = Field(default=0.0, ge=0.0)
    """Memory that training jobs may use at once [GB]; 0 sets no limit."""

    watch_every_s: float = Field(default=3600.0, ge=1.0)
    """How often the server looks at models whose recipes have a [watch] [s]."""

    ray_jobs_address: str = "http://127.0.0.1:8265"
    """Address of the Jobs service of a Ray cluster, for recipes that run on Ray."""

    kubernetes_image: str = ""
    """Container image of training jobs on Kubernetes."""

    kubernetes_claim: str = ""
    """Persistent volume claim that holds the data folder on Kubernetes."""

    workers: int = Field(default=1, ge=0, le=1)
    """Whether the server does training jobs itself: 1, or 0 where other machines do."""

    inference_quota_per_day: int = Field(default=0, ge=0)
    """Rows that one caller may have predicted in a day (UTC); 0 sets no quota."""

    model_cache_mb: int = Field(default=2048, ge=1)
    """Models kept open, by the size of their files [MB]; the one asked longest ago closes first."""

    prediction_sample: float = Field(default=0.1, ge=0.0, le=1.0)
    """Share of the predictions that endpoints with log = sample put on record."""

    prediction_rows: int = Field(default=100_000, ge=1)
    """Predictions kept on record for one model; the oldest go first."""

    http_timeout_s: float = Field(default=60.0, gt=0)
    """Longest wait for one answer of a data provider [s]."""

    language_model: str = ""
    """Writes answers, as PROVIDER:NAME (ollama:qwen3); the page of the engine lists providers."""

    language_model_url: str = ""
    """Address of the service of the language model; empty means the usual one of its maker."""

    language_model_key: SecretStr = SecretStr("")
    """Key for the service of the language model."""

    mcp_servers: str = ""
    """File of the MCP servers you add, and which of their tools may be called; empty: none."""

    vectors_url: str = ""
    """Where vectors are searched: qdrant://, chroma://, ...; empty: in the knowledge base."""

    qdrant_api_key: SecretStr = SecretStr("")
    """Key of the Qdrant server of vectors_url."""

    chroma_token: SecretStr = SecretStr("")
    """Token of the Chroma server of vectors_url."""

    pinecone_api_key: SecretStr = SecretStr("")
    """Key of the Pinecone index of vectors_url."""

    conversation_days: int = Field(default=0, ge=0)
    """Days that a conversation rests before it is deleted with its files [d]; 0 keeps all."""

    sbdb_query_url: str = "https://ssd-api.jpl.nasa.gov/sbdb_query.api"
    """JPL Small-Body Database query service."""

    sbdb_object_url: str = "https://ssd-api.jpl.nasa.gov/sbdb.api"
    """JPL Small-Body Database object service (covariances)."""

    cad_url: str = "https://ssd-api.jpl.nasa.gov/cad.api"
    """JPL close-approach service."""

    sentry_url: str = "https://ssd-api.jpl.nasa.gov/sentry.api"
    """JPL Sentry impact-monitoring service."""

    neocc_url: str = "https://neo.ssa.esa.int"
    """ESA NEO Coordination Centre (risk list and orbit files)."""

    mpc_url: str = "https://www.minorplanetcenter.net"
    """Minor Planet Center (near-Earth asteroid list in MPCORB format)."""

    spacex_url: str = "https://api.spacexdata.com/v4"
    """SpaceX API v4 (launches up to 2022-12-05)."""

    launch_library_url: str = "https://ll.thespacedevs.com/2.3.0"
    """Launch Library 2 (launches to come and past)."""

    gcat_url: str = "https://planet4589.org/space/gcat"
    """GCAT, the General Catalog of Artificial Space Objects."""

    exoplanets_url: str = "https://exoplanetarchive.ipac.caltech.edu/TAP"
    """TAP service of the NASA Exoplanet Archive."""

    celestrak_url: str = "https://celestrak.org"
    """CelesTrak (element sets)."""

    apod_url: str = "https://api.nasa.gov/planetary/apod"
    """Astronomy Picture of the Day, asked until 2026-12-01."""

    apod_wordpress_url: str = "https://science.nasa.gov/wp-json/wp/v2/apod-basic"
    """Astronomy Picture of the Day from 2026-12-01."""

    neows_url: str = "https://api.nasa.gov/neo/rest/v1/feed"
    """NASA NeoWs (passes of near-Earth objects)."""

    mars_photos_url: str = "https://api.nasa.gov/mars-photos/api/v1"
    """NASA Mars Rover Photos, retired since 2026-03-26."""

    earth_imagery_url: str = "https://api.nasa.gov/planetary/earth"
    """NASA Earth imagery, retired since 2025-07-07."""

    gaia_url: str = "https://gea.esac.esa.int/tap-server/tap"
    """TAP service of ESA's Gaia archive."""

    gaia_release: str = Field(default="gaiadr3", pattern="^gaia[a-z0-9_]{1,20}$")
    """Schema of the Gaia release that is asked; DR4 is due in December 2026."""

    simbad_url: str = "https://simbad.cds.unistra.fr/simbad/sim-tap"
    """TAP service of SIMBAD."""

    vizier_url: str = "https://tapvizier.cds.unistra.fr/TAPVizieR/tap"
    """TAP service of VizieR."""

    sdss_url: str = "https://skyserver.sdss.org/dr18/SkyServerWS"
    """Web services of SDSS SkyServer, of one data release."""

    mast_url: str = "https://mast.stsci.edu/vo-tap/api/v0.1/caom"
    """TAP service of MAST (CAOM)."""

    cadc_url: str = "https://ws.cadc-ccda.hia-iha.nrc-cnrc.gc.ca/argus"
    """TAP service of the Canadian Astronomy Data Centre (CAOM)."""

    horizons_url: str = "https://ssd.jpl.nasa.gov/api/horizons.api"
    """JPL Horizons (positions of bodies and spacecraft)."""

    openngc_url: str = "https://raw.githubusercontent.com/mattiaverga/OpenNGC/master/database_files"
    """Files of OpenNGC."""

    spacenews_url: str = "https://spacenews.com/feed/"
    """Feed of SpaceNews (RSS)."""

    ads_url: str = "https://api.adsabs.harvard.edu/v1"
    """NASA ADS (papers and BibTeX)."""

    ads_token: SecretStr = SecretStr("")
    """Token for NASA ADS, which answers nothing without one."""

    arxiv_url: str = "https://export.arxiv.org/api/query"
    """arXiv (papers)."""

    techport_url: str = "https://techport.nasa.gov/api"
    """NASA TechPort (technology projects)."""

    patents_url: str = "https://api.nasa.gov/techtransfer"
    """NASA Technology Transfer (patents)."""

    faa_url: str = "https://www.faa.gov"
    """FAA (pages on commercial space transportation)."""

    esa_url: str = "https://www.esa.int/rssfeed"
    """Feeds of the European Space Agency (RSS)."""

    sia_url: str = "https://sia.org"
    """Satellite Industry Association (pages on reports, and news)."""

    brycetech_url: str = "https://brycetech.com"
    """BryceTech (page of reports)."""

    nasa_api_key: SecretStr = SecretStr("")
    """Key for api.nasa.gov; without one it answers 30 requests an hour."""

    github_url: str = "https://api.github.com"
    """GitHub's REST API, or that of a GitHub Enterprise server."""

    github_token: SecretStr = SecretStr("")
    """Token for GitHub; without one it answers 10 searches a minute instead of 30."""

    huggingface_url: str = "https://huggingface.co"
    """Hugging Face Hub, or a mirror of it."""

    huggingface_token: SecretStr = SecretStr("")
    """Token for the Hugging Face Hub; needed only for gated cards that its owner may read."""

    max_upload_mb: int = Field(default=200, ge=1)
    """Largest file that a person may upload [MiB]."""

    max_upload_rows: int = Field(default=200_000, ge=1)
    """Most rows that are parsed out of one upload."""

    @field_validator("catalogues_dir")
    @classmethod
    def _at_home(cls, folder: Path) -> Path:
        return folder.expanduser()


def _refuse_unknown_names() -> None:
    known = {_PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else "See docs/settings.md for the names."
            message = f"Environment variable {name} is not a skywright setting."
            raise InputError(message, hint=hint)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings once.

    Returns
    -------
    Settings
        Defaults overridden by ``SKYWRIGHT_*`` environment variables.

    Raises
    ------
    InputError
        If a ``SKYWRIGHT_*`` name is unknown or a value is not allowed.
    """
    _refuse_unknown_names()
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = _PREFIX + str(first["loc"][0]).upper()
        message = f"Setting {name}={first['input']!r} is not allowed: {first['msg']}."
        raise InputError(message) from error
