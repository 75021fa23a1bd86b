"""All templates."""

from __future__ import annotations

from skywright.assistant.examples.templates.catalogues import CATALOGUES
from skywright.assistant.examples.templates.conversations import CONVERSATIONS
from skywright.assistant.examples.templates.faulty_services import FAULTY_SERVICES
from skywright.assistant.examples.templates.literature import LITERATURE
from skywright.assistant.examples.templates.near_earth import NEAR_EARTH
from skywright.assistant.examples.templates.object_types import OBJECT_TYPES
from skywright.assistant.examples.templates.plotting import PLOTTING
from skywright.assistant.examples.templates.reduction import REDUCTION
from skywright.assistant.examples.templates.refusals import REFUSALS
from skywright.assistant.examples.templates.spacecraft import SPACECRAFT
from skywright.assistant.examples.templates.spectra_and_light import SPECTRA_AND_LIGHT

TEMPLATES = (
    *CATALOGUES,
    *REDUCTION,
    *PLOTTING,
    *LITERATURE,
    *OBJECT_TYPES,
    *CONVERSATIONS,
    *NEAR_EARTH,
    *SPECTRA_AND_LIGHT,
    *SPACECRAFT,
    *REFUSALS,
    *FAULTY_SERVICES,
)
"""Of all categories."""
