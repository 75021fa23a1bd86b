"""What the services behind api.nasa.gov share: one key, sent as a header and in no address."""

from __future__ import annotations

from skywright.settings import Settings

LICENCE = "Work of the US government; free to use with credit to NASA."
RATE_LIMIT = "1,000 requests an hour with a key; 30 an hour and 50 a day without one of your own"
KEY_SETTING = "nasa_api_key"
KEY_FROM = "https://api.nasa.gov"


def key_header(settings: Settings) -> dict[str, str]:
    """Return the header with the operator's key, or with the key that NASA offers to everybody."""
    return {"X-Api-Key": settings.nasa_api_key.get_secret_value() or "DEMO_KEY"}
