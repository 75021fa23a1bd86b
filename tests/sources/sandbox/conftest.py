"""A patient client: the first question to a service also makes its tables."""

import pytest

from skywright.sources.http import Fetcher
from skywright.store.blobs import BlobStore


@pytest.fixture
def fetcher(tmp_path, waits):
    with Fetcher(
        tmp_path / "raw", BlobStore(tmp_path / "blobs"), timeout_s=60.0, wait=waits.append
    ) as fetcher:
        yield fetcher
