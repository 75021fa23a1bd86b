"""BryceTech's page of reports, spoken by a server on the loopback device; all invented."""

import pytest

from skywright.errors import SourceError
from skywright.settings import Settings
from skywright.sources import brycetech
from skywright.sources.collecting import Visit, Wish, texts_of, visit

HTML = {"Content-Type": "text/html; charset=utf-8"}


def _page(body):
    return f"<!DOCTYPE html><html><head><title>Reports</title></head><body>{body}</body></html>"


REPORTS = _page(
    "<h3>Launch</h3><a href='/reports/report-documents/Bryce_Briefing_2026_Q1.pdf'>"
    "<img src='x.png'></a>"
    "<a href='/reports/report-documents/start-up/S_2026.pdf'><div>Start-Up Space 2026</div></a>"
    "<a href='/reports/report-documents/start-up/S_2026.pdf'>Download</a>"
    "<a href='/careers'>Jobs</a>"
)


@pytest.fixture
def look(provider, fetcher):
    def at(part, **wish):
        one = Visit(brycetech.STATE, fetcher, Settings(brycetech_url=provider.url), Wish(**wish))
        return visit(brycetech.COLLECTOR, part, one)

    return at


def test_reports_are_listed_once_by_their_best_name(provider, look):
    provider.say(provider.reply(REPORTS, headers=HTML))
    table = look("reports")
    assert table["title"].to_list() == ["Launch", "Start-Up Space 2026"]
    assert table["published"].to_list() == ["2026-03", "2026"]
    assert table["section"].to_list() == ["Launch", "Launch"]
    assert table["url"][1] == f"{provider.url}/reports/report-documents/start-up/S_2026.pdf"
    assert table["source_url"][0] == f"{provider.url}/reports"


def test_a_report_without_any_words_is_called_after_its_file(provider, look):
    page = _page("<a href='/r/report-documents/Bryce_Briefing_2026_Q1.pdf'></a>")
    provider.say(provider.reply(page, headers=HTML))
    assert look("reports")["title"].to_list() == ["Bryce Briefing 2026 Q1"]


def test_a_report_is_a_text_that_says_where_it_is(provider, look):
    provider.say(provider.reply(REPORTS, headers=HTML))
    texts = texts_of(brycetech.COLLECTOR.parts["reports"], look("reports"))
    assert texts[1].title == "Start-Up Space 2026"
    assert f"Address: {texts[1].url}" in texts[1].text


def test_a_page_without_reports_is_an_error_that_names_it(provider, look):
    provider.say(provider.reply(_page("<a href='/jobs'>Jobs</a>"), headers=HTML))
    with pytest.raises(SourceError, match=f"no links to documents on {provider.url}/"):
        look("reports")
