"""How numbers of sources and SNRs are written, with one meaning in every command: `1,3` are two, `[1,3]` is a span."""

from typing import Any, TypeVar

from ....errors import ConfigurationError
from ....experiment import fit, parse_toml_value
from ....physics.scenes.scenario import CountSpan, Span, ends

Value = TypeVar("Value", CountSpan, Span)


def sources_of(text: str) -> tuple[CountSpan, ...]:
    """The numbers of sources of each cell of a comparison.

    >>> sources_of("1,3"), sources_of("[1,3]"), sources_of("1,[2,5]")
    ((1, 3), ((1, 3),), (1, (2, 5)))

    Raises:
        ConfigurationError: no counts, or a span from the larger to the smaller.
    """
    return _ordered(fit(tuple[CountSpan, ...], _values(text), "sources"), text, "sources")


def snrs_of(text: str) -> tuple[Span, ...]:
    """The SNRs of each cell of a comparison, in dB.

    >>> snrs_of("0,10"), snrs_of("[5, 20]")
    ((0.0, 10.0), ((5.0, 20.0),))

    Raises:
        ConfigurationError: no numbers, or a span from the larger to the smaller.
    """
    return _ordered(fit(tuple[Span, ...], _values(text), "snr_db"), text, "snr_db")


def count_of(text: str) -> int | None:
    """How many sources an estimator is told: a count, or None for `auto`.

    Raises:
        ConfigurationError: a span, which no estimator is told, or no count.
    """
    if text == "auto":
        return None
    values = _values(text)
    if len(values) != 1 or isinstance(values[0], list):
        raise ConfigurationError(
            "--sources K or auto", text, "several counts, or a span, as scenes are drawn; an estimator is told one "
            "count, or none", "pass --sources auto, which estimates the count of each scene",
        )  # fmt: skip
    return fit(int, values[0], "sources")


def _values(text: str) -> Any:  # noqa: ANN401
    return parse_toml_value(f"[{text}]")


def _ordered(spans: tuple[Value, ...], text: str, name: str) -> tuple[Value, ...]:
    for span in spans:
        low, high = ends(span)
        if low > high:
            raise ConfigurationError(f"{name} as [least, most]", text, "ends swapped", f"write [{high}, {low}]")
    return spans
