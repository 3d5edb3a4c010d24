"""How do texts become one page of HTML, without a script and with nothing beside it?"""

from collections.abc import Sequence
from html import escape

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1rem 0; } figcaption { color: #555; font-size: .9rem; }
pre { background: #f6f6f6; padding: .8rem; overflow-x: auto; font-size: .85rem; white-space: pre-wrap; }
.wide { overflow-x: auto; } .wide td, .wide th { white-space: nowrap; }
"""


def page(title: str, blocks: Sequence[str]) -> str:
    """A whole document.

    Args:
        title: plain text.
        blocks: HTML, from the functions of this file.
    """
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    body = "\n".join((f"<h1>{escape(title)}</h1>", *blocks))
    return "\n".join(
        (
            '<!doctype html>\n<html lang="en">',
            f"<head>{head}<style>{_STYLE}</style></head>",
            f"<body>\n{body}\n</body>\n</html>\n",
        )
    )


def heading(text: str) -> str:
    """A section's heading."""
    return f"<h2>{escape(text)}</h2>"


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def verbatim(text: str) -> str:
    """Text whose lines and spaces stay as they are."""
    return f"<pre>{escape(text)}</pre>"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """A table of plain texts, first column to the left, the others to the right."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "\n".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    text = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>{text}</figure>'
