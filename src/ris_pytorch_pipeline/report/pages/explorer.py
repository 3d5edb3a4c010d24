"""Which scenes can be looked at? The worst ones first, each with its true and found sources and its spectrum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .volume import Volume, letters

ALL_SCENES, ALL_SPECTRA = 600, 1_000_000
"""Scenes, and letters of their spectra, on a page, which is to stay below 6 MB: Plotly takes 1.9 and charts up to 1.5,
a scene 1 to 2 kB, its spectrum 2 to 4 kB, and 9 kB at most."""
HEAD = ("source", "true", "found", "error", "± stated", "bound")
_KEYS = {"azimuth_deg": "azimuth", "elevation_deg": "elevation", "distance_m": "distance"}
Places = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Most:
    """How much a page shows of the scenes of one run.

    Args:
        scenes: that can be looked at.
        spectra: letters that spectra may take, the worst scenes first.
    """

    scenes: int = ALL_SCENES
    spectra: int = ALL_SPECTRA


def most_of_each(runs: int) -> Most:
    """What each of some runs may show on a page that they share.

    >>> most_of_each(1) == Most(), most_of_each(2).spectra
    (True, 500000)

    Args:
        runs: on the page; none is as one.
    """
    count = max(1, runs)
    return Most(scenes=max(1, ALL_SCENES // count), spectra=max(1, ALL_SPECTRA // count))


@dataclass(frozen=True, kw_only=True)
class SeenScene:
    """A scene and what was found in it.

    >>> from ris_pytorch_pipeline.report.pages.explorer import told
    >>> scene = SeenScene(label="scene 7", finding={"status": "converged", "sources": [], "missed": []})
    >>> told(scene.finding)
    'converged. nothing to compare.'

    Args:
        label: which one.
        finding: as `ris locate --json` prints it, of a scene whose truth is known.
        spectrum: bytes from `spectra`; None where there is none.
    """

    label: str
    finding: Mapping[str, Any]
    spectrum: bytes | None = None


def explored(
    seen: Sequence[SeenScene], panel: Tensor, volume: Volume | None, kept: int | None = None, most: int = ALL_SPECTRA
) -> dict[str, Any]:  # fmt: skip
    """What the page's script draws of some scenes.

    >>> from ris_pytorch_pipeline.physics import Panel
    >>> at = {"azimuth_deg": 20.0, "elevation_deg": -5.0, "distance_m": 4.0}
    >>> bound = {"azimuth_deg": 0.1, "elevation_deg": 0.1, "distance_m": 0.2}
    >>> error = {"azimuth_deg": 0.3, "elevation_deg": 0.0, "distance_m": 0.1}
    >>> source = {**at, "std": bound, "truth": at, "error": error, "bound": bound}
    >>> finding = {"status": "converged", "sources": [source], "missed": []}
    >>> panel = Panel(horizontal=4, vertical=4, spacing=0.15).elements()
    >>> data = explored([SeenScene(label="scene 7", finding=finding)], panel, None)
    >>> data["scenes"][0]["told"]
    'converged. largest error 3.0 standard deviations of the bound, in the azimuth of source 1.'

    Args:
        seen: in any order.
        panel: (element, 3), metres.
        volume: points of their spectra; None where they have none.
        kept: how many there are, of which those seen are the worst; None if they are all.
        most: letters that their spectra may take; less bad scenes have none.
    """
    worst = sorted(seen, key=lambda scene: badness(scene.finding), reverse=True)
    places = {"distances": []} if volume is None else volume.to_plain()
    scenes = [_scene(scene) for scene in worst]
    if volume is not None:
        _add_spectra(list(zip(scenes, worst, strict=True)), volume, most)
    far = max((s["true"][2] for scene in scenes for s in scene["sources"] if s["true"] and s["true"][2]), default=10.0)
    return {
        "head": list(HEAD),
        "panel": [[round(x, 4) for x in element] for element in panel.tolist()],
        "farthest": far,
        "scenes": scenes,
        "kept": len(seen) if kept is None else kept,
        "spectra": sum("spectrum" in scene for scene in scenes),
        **places,
    }


def badness(finding: Mapping[str, Any]) -> tuple[int, float]:
    """How bad an estimate is: sources missed or invented, then the largest error in standard deviations of its bound.

    >>> at = {"azimuth_deg": 20.0, "elevation_deg": -5.0, "distance_m": 4.0}
    >>> bound = {"azimuth_deg": 0.1, "elevation_deg": 0.1, "distance_m": 0.2}
    >>> error = {"azimuth_deg": 0.3, "elevation_deg": 0.0, "distance_m": 0.1}
    >>> source = {**at, "std": bound, "truth": at, "error": error, "bound": bound}
    >>> finding = {"status": "converged", "sources": [source], "missed": []}
    >>> wrong, ratio = badness(finding)
    >>> wrong, round(ratio, 1)  # none missed or invented; the largest error in standard deviations of its bound
    (0, 3.0)

    Args:
        finding: of a scene whose truth is known.
    """
    false = sum(source["truth"] is None for source in finding["sources"])
    return len(finding["missed"]) + false, max((ratio for ratio, _ in _ratios(finding)), default=0.0)


def told(finding: Mapping[str, Any]) -> str:
    """What came of a scene, in a sentence.

    Args:
        finding: of a scene whose truth is known.
    """
    false = sum(source["truth"] is None for source in finding["sources"])
    wrong = [f"{count} {word}" for count, word in ((len(finding["missed"]), "missed"), (false, "false")) if count]
    ratio, where = max(_ratios(finding), default=(0.0, ""))
    error = [f"largest error {ratio:.1f} standard deviations of the bound, in {where}"] if where else []
    return f"{finding['status']}. {', '.join([*wrong, *error]) or 'nothing to compare'}."


def _ratios(finding: Mapping[str, Any]) -> list[tuple[float, str]]:
    """Each error over its bound, and what it is of."""
    found: list[tuple[float, str]] = []
    for number, source in enumerate(finding["sources"], start=1):
        for key, name in _KEYS.items():
            error, bound = ((source[of] or {}).get(key) for of in ("error", "bound"))
            if error is not None and bound:
                found.append((abs(error) / bound, f"the {name} of source {number}"))
    return found


def _scene(scene: SeenScene) -> dict[str, Any]:
    finding = scene.finding
    sources = [_source(number, source) for number, source in enumerate(finding["sources"], start=1)]
    sources += [_missed(source) for source in finding["missed"]]
    return {"label": scene.label, "told": told(finding), "sources": sources}


def _add_spectra(scenes: Sequence[tuple[dict[str, Any], SeenScene]], volume: Volume, most: int) -> None:
    """Give the first scenes their spectra, as long as the letters last, and the plane that shows first."""
    for plain, scene in scenes:
        if scene.spectrum is None:
            continue
        packed = letters(scene.spectrum)
        most -= len(packed)
        if most < 0:
            return
        near = [s["true"][2] for s in plain["sources"] if s["true"] is not None and s["true"][2]]
        plain |= {"spectrum": packed, "plane": volume.nearest(near[0]) if near else 0}


def _source(number: int, source: Places) -> dict[str, Any]:
    cells = [str(number), *(_spelled(source[of]) for of in ("truth",)), _spelled(source)]
    cells += [_spelled(source[of], sign=of == "error") for of in ("error", "std", "bound")]
    return {"true": _place(source["truth"]), "found": _place(source), "std": _place(source["std"]), "cells": cells}


def _missed(source: Places) -> dict[str, Any]:
    cells = ["missed", _spelled(source), "-", "-", "-", _spelled(source["bound"])]
    return {"true": _place(source), "found": None, "std": None, "cells": cells}


def _place(values: Places | None) -> list[float | None] | None:
    """Degrees, degrees and metres."""
    return None if values is None else [None if values[key] is None else round(values[key], 5) for key in _KEYS]


def _spelled(values: Places | None, *, sign: bool = False) -> str:
    if values is None:
        return "-"
    azimuth, elevation, distance = ("-" if values[key] is None else f"{values[key]:{'+' if sign else ''}.3g}"
                                    for key in _KEYS)  # fmt: skip
    return f"{azimuth}°, {elevation}°, {distance} m"
