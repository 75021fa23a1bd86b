"""Replies that other projects recorded, read out of their archives in the reference data."""

import tarfile


def reply(assistant_data, member, archive="astroquery_recorded.tar.gz"):
    """Return one recorded reply as bytes."""
    with tarfile.open(assistant_data / "recorded_payloads" / archive) as files:
        names = [name for name in files.getnames() if name.endswith(member)]
        return files.extractfile(names[0]).read()
