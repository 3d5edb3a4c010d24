"""How do tables of results stand in a paper? As LaTeX with booktabs, from the same comments as in Markdown."""

import re
from collections.abc import Sequence

from .kept_tables import KeptTable
from .result_table import ResultTable, Row

_SPECIAL = {"\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
            "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "°": r"\textdegree{}",
            "±": r"\textpm{}"}  # fmt: skip
"""Letters that LaTeX reads as something else."""
_MARKS = re.compile(r"`|\[([^\]]*)\]\([^)]*\)")
"""Of Markdown: those around code, and links, of which the words stay."""


def latex_table(table: ResultTable, results: Sequence[Row]) -> str:
    r"""A table as a `tabular` with the rules of booktabs, and a comment that says where its numbers come from.

    >>> rows = [{"sweep": "a", "method": "sml_x", "axes": '{"sources": 1}', "success": 0.5, "n": 9, "seed": 0,
    ...          "commit": "abc"}]
    >>> table = ResultTable(sweeps=("a",), rows=("method",), figures=(("found", "{success:.0%}"),))
    >>> print(latex_table(table, rows))
    % n = 9 scenes a cell, seed 0, commit abc.
    \begin{tabular}{lr}
    \toprule
    method & found \\
    \midrule
    sml\_x & 50\% \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>

    Args:
        table: which.
        results: rows of its suite.

    Raises:
        InputError: as `ResultTable.markdown`.
        ConfigurationError: likewise.
    """
    head, *body, source = table.lines(results)
    return tabular(head, body, len(table.rows), source[0])


def latex_kept(table: KeptTable) -> str:
    r"""A kept table as a `tabular`, its first column at the left, and its source as a comment.

    >>> print(latex_kept(KeptTable(head=("method", "found"), rows=(("`sml`", "99 %"),), source=(("date", "2026"),))))
    % date 2026
    \begin{tabular}{lr}
    \toprule
    method & found \\
    \midrule
    sml & 99 \% \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    head, *body = ([_MARKS.sub(r"\1", cell) for cell in row] for row in (table.head, *table.rows))
    return tabular(head, body, 1, "; ".join(f"{key} {said}" for key, said in table.source))


def tabular(head: Sequence[str], body: Sequence[Sequence[str]], keys: int, source: str) -> str:
    r"""Texts as a `tabular` with the rules of booktabs.

    >>> print(tabular(["K", "found"], [["1", "99 %"]], keys=1, source="n = 200 scenes"))
    % n = 200 scenes
    \begin{tabular}{lr}
    \toprule
    K & found \\
    \midrule
    1 & 99 \% \\
    \bottomrule
    \end{tabular}

    Args:
        head: headings.
        body: cells, as many as there are headings.
        keys: columns at the left that are no figures.
        source: where the numbers come from; one line.
    """
    rules = [
        f"% {' '.join(source.split())}", rf"\begin{{tabular}}{{{'l' * keys}{'r' * (len(head) - keys)}}}", r"\toprule",
        _line(head), r"\midrule", *map(_line, body), r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip
    return "\n".join(rules) + "\n"


def escaped(text: str) -> str:
    """A text as LaTeX prints it."""
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _line(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
