"""Days and periods as people write them."""

import pytest

from skywright.sources.dates import iso_date, iso_period


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Issued 2024-1-6", "2024-01-06"),
        ("20230420 Apr 20, 2023", "2023-04-20"),
        ("Sept. 1st, 2026", "2026-09-01"),
        ("on 7 March 2025.", "2025-03-07"),
        ("04/20/2023", "2023-04-20"),
        ("20230420", "2023-04-20"),
        ("2024-13-40", None),
        ("License 23-129", None),
        ("soon", None),
    ],
)
def test_a_day_is_found_however_it_is_written(text, day):
    assert iso_date(text) == day


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("Briefing Q1 2024", "2024-03"),
        ("Bryce_Briefing_2024_Q3", "2024-09"),
        ("Start-Up Space 2026, with data of 2025", "2026"),
        ("May 2, 2026", "2026-05-02"),
        ("Part 450", None),
    ],
)
def test_a_period_is_a_day_a_month_or_a_year(text, period):
    assert iso_period(text) == period
