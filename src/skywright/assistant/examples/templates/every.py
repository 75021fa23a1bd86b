"""All templates."""

from __future__ import annotations

from skywright.assistant.examples.templates.catalogues import CATALOGUES
from skywright.assistant.examples.templates.literature import LITERATURE
from skywright.assistant.examples.templates.object_types import OBJECT_TYPES
from skywright.assistant.examples.templates.plotting import PLOTTING
from skywright.assistant.examples.templates.reduction import REDUCTION

TEMPLATES = (*CATALOGUES, *REDUCTION, *PLOTTING, *LITERATURE, *OBJECT_TYPES)
"""Of all categories, in their order."""
