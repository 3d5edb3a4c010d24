"""How is a page made of its parts? With its style, its script and Plotly within it, so that it needs no network."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from .parts import Charts, Report, Scenes, placed
from .volume import letters

try:
    import jinja2
    import markupsafe
    from plotly.offline import get_plotlyjs
except ImportError as missing:
    raise ConfigurationError(
        "the packages jinja2 and plotly, which pages are made with",
        str(missing),
        "an install without the extra",
        "pip install 'ris-pytorch-pipeline[report]'",
    ) from missing

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = ("page.js", "explorer.js", "tables.js")
_BETWEEN = re.compile(r"`([^`\n]+)`")


def report_page(reports: Sequence[Report], title: str | None = None) -> str:
    """One HTML document of one or several reports, which needs nothing beside it.

    >>> from ris_pytorch_pipeline.report import RunShown, run_report
    >>> page = report_page([run_report(RunShown(name="a < b"))])
    >>> page[:15], "<title>Run a &lt; b</title>" in page
    ('<!doctype html>', True)

    Args:
        reports: at least one.
        title: of the page, plain text; None is that of the first report.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"embedded": embedded, "coded": coded}
    sections = [section for report in reports for section in report.sections]
    parts = list(placed(sections))
    charts = {f"chart-{name}-{n}": chart.spec for name, part in parts if isinstance(part, Charts)
              for n, chart in enumerate(part.charts)}  # fmt: skip
    scenes = {name: part.data for name, part in parts if isinstance(part, Scenes)}
    return environment.get_template("page.html.j2").render(
        title=reports[0].title if title is None else title,
        reports=reports,
        charts=as_text(charts),
        scenes=scenes,
        css=_file("page.css"),
        scripts=[_file(name) for name in _SCRIPTS],
        plotly=_packed_plotly() if charts or scenes else "",
    )


@cache
def _packed_plotly() -> str:
    """Plotly as a page holds it, 1.9 MB in place of 4.8: browsers unpack it by themselves."""
    return letters(get_plotlyjs().encode())


def embedded(value: Any) -> str:  # noqa: ANN401
    """A value as JSON that no end of a script can be read into, with numbers of six digits."""
    return json.dumps(_brief(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def coded(text: str) -> markupsafe.Markup:
    """A text as HTML, what stands between backticks in it as code.

    >>> coded("wanted a < b; try `ris bench --scenes <N>`")
    Markup('wanted a &lt; b; try <code>ris bench --scenes &lt;N&gt;</code>')

    Args:
        text: plain.
    """
    return markupsafe.Markup(_BETWEEN.sub(r"<code>\1</code>", str(markupsafe.escape(text))))


def _brief(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {name: _brief(inner) for name, inner in value.items()}
    return [_brief(inner) for inner in value] if isinstance(value, list | tuple) else value


def as_text(value: Any) -> Any:  # noqa: ANN401
    """A value whose texts Plotly shows as they are: it reads tags and entities in every one of them.

    >>> as_text({"name": "<b>a & b</b>", "x": [1, "<i>"]})
    {'name': '&lt;b&gt;a &amp; b&lt;/b&gt;', 'x': [1, '&lt;i&gt;']}
    """
    if isinstance(value, str):
        return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if isinstance(value, Mapping):
        return {name: as_text(inner) for name, inner in value.items()}
    return [as_text(inner) for inner in value] if isinstance(value, list | tuple) else value


def _file(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
