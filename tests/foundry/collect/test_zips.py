"""Archives that would hurt are refused before anything is unpacked."""

import io

import pytest

from skywright.errors import InputError
from skywright.foundry.collect.zips import names_in


def test_a_plain_archive_tells_its_names(make_zip):
    assert names_in(io.BytesIO(make_zip({"a": "1", "b/c": "2"}))) == {"a", "b/c"}


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"word/document.xml": bytes(20 << 20)}, "times its size; at most 200"),
        ({"../../etc/cron.d/x": "1"}, "leads out of it"),
        ({"/etc/passwd": "1"}, "leads out of it"),
        ({"..\\..\\x": "1"}, "leads out of it"),
        ({"word/more.zip": "PK"}, "another archive"),
        ({f"{k}": "" for k in range(5001)}, "5001 entries"),
    ],
    ids=["bomb", "up", "absolute", "windows", "nested", "many"],
)
def test_an_archive_that_would_hurt_is_refused(make_zip, entries, said):
    content = make_zip(entries)
    with pytest.raises(InputError, match=said):
        names_in(io.BytesIO(content))


def test_an_archive_that_claims_to_be_huge_is_refused(make_zip):
    content = bytearray(make_zip({"a": b"x" * 1000}))
    place = content.rindex(b"PK\x01\x02") + 24  # size of the content, in the central directory
    content[place : place + 4] = (1 << 30).to_bytes(4, "little")
    with pytest.raises(InputError, match="unpacks to 1073741824 bytes"):
        names_in(io.BytesIO(bytes(content)))


def test_a_damaged_archive_is_told(make_zip):
    content = make_zip({"a": "1"})[:-10]
    with pytest.raises(InputError, match="damaged or cut short"):
        names_in(io.BytesIO(content))
