"""How is a page made of its template? With its style, its script and Plotly within it, so that it needs no network."""

import json
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError

try:
    import jinja2
    from plotly.offline import get_plotlyjs
except ImportError as missing:
    raise ConfigurationError(
        "the packages jinja2 and plotly, which pages are made with",
        str(missing),
        "an install without the extra",
        "pip install 'ris-pytorch-pipeline[report]'",
    ) from missing

_TEMPLATES = Path(__file__).parent / "templates"


def rendered(template: str, **values: Any) -> str:  # noqa: ANN401
    """A page.

    Args:
        template: name of its template.
        values: that the template names; texts are escaped.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["embedded"] = embedded
    files = {name: (_TEMPLATES / f"page.{name}").read_text(encoding="utf-8") for name in ("css", "js")}
    return environment.get_template(template).render(plotly=get_plotlyjs(), **files, **values)


def embedded(value: Any) -> str:  # noqa: ANN401
    """A value as JSON that no end of a script can be read into."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
