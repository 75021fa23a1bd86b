"""Pages of the catalogue: every row once, in order, and only what was asked."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skywright.api.listing import Listing, page_of
from skywright.errors import InputError

_NONE = (("a_au", None, None),)


def _catalogue(n=10):
    return pl.DataFrame(
        {
            "designation": [f"2000 A{k:03}" for k in range(n)],
            "a_au": [1.0 + (k % 4) for k in range(n)],
            "h_mag": [None if k % 3 == 0 else float(k) for k in range(n)],
            "orbit_class": ["ATE" if k % 2 else "APO" for k in range(n)],
            "is_pha": [k % 5 == 0 for k in range(n)],
        }
    )


def _listing(orbit_class=None, pha=None, bounds=_NONE, sort="designation", limit=3):
    return Listing(orbit_class, pha, bounds, sort, limit)


@given(
    n=st.integers(0, 40), limit=st.integers(1, 7), sort=st.sampled_from(["a_au", "-h_mag", "-a_au"])
)
def test_pages_together_are_the_whole_listing(n, limit, sort):
    listing, table = _listing(sort=sort, limit=limit), _catalogue(n)
    seen, cursor = [], None
    while True:
        page = page_of(table, listing, cursor)
        seen += [row["designation"] for row in page["objects"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(seen) == table["designation"].to_list()
    assert page["total"] == n


def test_filters_join():
    page = page_of(_catalogue(), _listing("aten", pha=True), None)
    assert [row["designation"] for row in page["objects"]] == ["2000 A005"]


def test_bounds_are_inclusive_and_unknown_values_do_not_match():
    page = page_of(_catalogue(), _listing(bounds=(("h_mag", None, 4.0),), limit=100), None)
    assert [row["h_mag"] for row in page["objects"]] == [1.0, 2.0, 4.0]


def test_order_and_ties_are_settled():
    page = page_of(_catalogue(), _listing(sort="-a_au", limit=4), None)
    assert [row["designation"][-1] for row in page["objects"]] == ["3", "7", "2", "6"]


@pytest.mark.parametrize("cursor", ["x", "", "AAAA", "MC4wMDAwMDAwMDAwMDA", "é", "=" * 9])
def test_a_cursor_of_another_listing_is_refused(cursor):
    with pytest.raises(InputError, match="cursor is not of this listing"):
        page_of(_catalogue(), _listing(), cursor)


def test_a_cursor_fits_only_its_own_filters():
    cursor = page_of(_catalogue(), _listing(), None)["next_cursor"]
    with pytest.raises(InputError, match="cursor is not of this listing"):
        page_of(_catalogue(), _listing("aten"), cursor)


def test_a_cursor_allows_another_page_size():
    cursor = page_of(_catalogue(), _listing(), None)["next_cursor"]
    assert len(page_of(_catalogue(), _listing(limit=5), cursor)["objects"]) == 5


def test_an_unknown_order_lists_the_known():
    with pytest.raises(InputError, match="sort = 'size' is not allowed; choose one of desig"):
        page_of(_catalogue(), _listing(sort="size"), None)


def test_a_column_that_is_not_there_is_told():
    with pytest.raises(InputError, match="no column moid_au"):
        page_of(_catalogue(), _listing(bounds=(("moid_au", None, 0.05),)), None)
