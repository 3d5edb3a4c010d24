"""Are two configurations one? A digest of plain values, and where two of them differ. Imports no torch."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any


def config_digest(config: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a plain configuration as JSON with sorted keys and no spaces.

    >>> config_digest({"seed": 0, "scenes": 10}) == config_digest({"scenes": 10, "seed": 0})
    True
    >>> config_digest({"seed": 1})[:8]
    'fbe47f6d'
    """
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def completed(config: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A plain configuration with the keys that it lacks, nested ones too, as the defaults have them."""
    result = {**defaults, **config}
    for key, usual in defaults.items():
        own = config.get(key)
        if isinstance(own, Mapping) and isinstance(usual, Mapping):
            result[key] = completed(own, usual)
    return result


def differences(first: Mapping[str, Any], second: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Where two plain configurations differ: `plan.epochs: 10, 20`.

    >>> list(differences({"seed": 0, "plan": {"epochs": 10}}, {"seed": 0, "plan": {"epochs": 20}}))
    ['plan.epochs: 10, 20']

    Args:
        first: one configuration.
        second: the other.
        prefix: dotted name of what is compared.

    Yields:
        One text per field.
    """
    for key in sorted(first.keys() | second.keys()):
        one, two = first.get(key), second.get(key)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            yield from differences(one, two, f"{prefix}{key}.")
        elif one != two:
            yield f"{prefix}{key}: {one}, {two}"
