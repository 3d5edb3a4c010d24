"""Does an estimate say when it does not fit? Right scenes, and scenes whose model is wrong in one way.

For each: misfit alarms with K known and estimated; scenes in which an estimate is off by more than five of its Fisher
±, and how many of them carry a status other than converged, both ways; the scenes that are not so far off (rest), their
coordinates (coord), and what the 90 % intervals of the sandwich ± and of Fisher's cover in them, and (all_s, all_f) in
all scenes; of an estimated order the sources without a true one within 3° (false), the true ones without an estimate
(missed), and those beyond the true number (extra): a source that is displaced is false, and the true one is missed. The
rules were chosen on the scenes of seeds 0 and 11. With --table the counts of scenes are printed as a table of Markdown,
with --table sources what the sandwich covers and the false sources, too. Usage:
python benchmarks/model_fit.py --scenes 200 --seed 1
"""

import argparse
from dataclasses import dataclass, fields
from itertools import product

import torch
from kept_rows import keep, row_options
from mismatched_scenes import CHANGES, mismatched
from torch import Tensor

from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.estimate import Estimate, MaximumLikelihood, PilotMl, Sml, Status
from ris_pytorch_pipeline.physics import Scenes

OFF, NORMAL_90 = 5.0, 1.645
_BLOCK = 32
_WORDS = {
    "codes": "codes conjugated",
    "channel": "channel conjugated",
    "everything": "everything conjugated",
    "order": "element order scrambled",
    "symbols": "wrong kind of symbols",
    "antenna": "one antenna's sign",
    "phases": "phases 0.5 rad",
    "bandwidth": "bandwidth 10 %",
    "positions": "elements displaced by 0.08 wavelengths",
    "code bits": "2-bit codes told as continuous",
}
"""Kinds whose names say little to a reader."""
_OFF_AND_SAID = ("off, K known", "said", "off, K estimated", "said")
_COLUMNS = {
    "counts": ("kind", "symbols", "dB", "K", "n", "misfits", "converged", "off", "said", *_OFF_AND_SAID[2:]),
    "sources": (
        "kind", "symbols", "n", *_OFF_AND_SAID, "sandwich covers (90 %) elsewhere", "in scenes",
        "false a scene", "missed", "extra",
    ),
}  # fmt: skip
"""Headings of the tables of Markdown, by name."""


@dataclass
class Tally:
    """Counts over scenes, and over coordinates of scenes that are not far off."""

    scenes: int = 0
    alarms: int = 0
    alarms_auto: int = 0
    converged: int = 0
    off: int = 0
    off_said: int = 0
    off_auto: int = 0
    off_auto_said: int = 0
    intervals: int = 0
    sandwich: int = 0
    fisher: int = 0
    whole: int = 0
    whole_sandwich: int = 0
    whole_fisher: int = 0
    false: int = 0
    missed: int = 0
    extra: int = 0

    def __iadd__(self, other: "Tally") -> "Tally":
        """Add the counts of other scenes."""
        for field in fields(self):
            setattr(self, field.name, vars(self)[field.name] + vars(other)[field.name])
        return self


def errors(scenes: Scenes, found: Estimate) -> Tensor:
    """Found less true (azimuth, elevation, distance); of a source without a partner to the nearest true one."""
    true, positions = scenes.truth.positions, found.positions
    result = torch.full_like(positions, torch.nan)
    partner = match_directions(true, positions)
    for scene in range(len(found)):
        for slot in range(int(found.order[scene])):
            own = torch.nonzero(partner[scene] == slot).flatten()
            apart = positions[scene, slot] - true[scene]
            near = (apart / found.deviations[scene, slot]).abs().amax(-1).nan_to_num(torch.inf).argmin()
            result[scene, slot] = apart[own[0] if own.numel() else near]
    return result


def far_off(scenes: Scenes, found: Estimate) -> Tensor:
    """(scene,): True where a coordinate is off by more than five of its Fisher ±."""
    return ((errors(scenes, found) / found.deviations).abs() > OFF).flatten(1).any(-1)


def misfits(found: Estimate, likely: Tensor) -> int:
    """Scenes with that finding, or with a p below the level that is asked."""
    assert found.fit is not None
    said = [Status.MISFIT in findings for findings in found.fit.findings]
    return int((torch.tensor(said) | ~likely).sum())


def tally(scenes: Scenes, estimator: MaximumLikelihood, level: float = 0.0) -> Tally:
    """Locate with K known and estimated, and count; p below the level is a misfit, too."""
    known, auto = estimator(scenes.observation, scenes.truth.sources), estimator(scenes.observation)
    assert known.fit is not None
    assert auto.fit is not None
    assert known.sandwich is not None
    error = errors(scenes, known)
    likely, likely_auto = known.fit.p_value >= level, auto.fit.p_value >= level
    converged, converged_auto = (
        torch.tensor([status == Status.CONVERGED for status in found.status]) for found in (known, auto)
    )
    converged, converged_auto = converged & likely, converged_auto & likely_auto
    fisher, sandwich = (error / known.deviations).abs(), (error / known.sandwich).abs()
    off, off_auto = (fisher > OFF).flatten(1).any(-1), far_off(scenes, auto)
    known_ones = ~fisher.isnan()
    kept = known_ones & ~off[:, None, None]
    hits = (match_directions(scenes.truth.positions, auto.positions) >= 0).sum()
    return Tally(
        scenes=len(scenes),
        alarms=misfits(known, likely),
        alarms_auto=misfits(auto, likely_auto),
        converged=int(converged.sum()),
        off=int(off.sum()),
        off_said=int((off & ~converged).sum()),
        off_auto=int(off_auto.sum()),
        off_auto_said=int((off_auto & ~converged_auto).sum()),
        intervals=int(kept.sum()),
        sandwich=int((kept & (sandwich < NORMAL_90)).sum()),
        fisher=int((kept & (fisher < NORMAL_90)).sum()),
        whole=int(known_ones.sum()),
        whole_sandwich=int((known_ones & (sandwich < NORMAL_90)).sum()),
        whole_fisher=int((known_ones & (fisher < NORMAL_90)).sum()),
        false=int(auto.order.sum() - hits),
        missed=int(scenes.truth.sources.sum() - hits),
        extra=int((auto.order - scenes.truth.sources).clamp_min(0).sum()),
    )


def row(kind: str, name: str, snr_db: float, sources: tuple[int, int], count: int, seed: int, level: float) -> Tally:
    """Counts over some scenes of a kind."""
    total = Tally()
    for block in range(-(-count // _BLOCK)):
        scenes = mismatched(kind, name, snr_db, sources, min(_BLOCK, count - block * _BLOCK), block, seed)
        total += tally(scenes, Sml() if scenes.observation.symbols == "random" else PilotMl(), level)
    return total


def line(label: str, t: Tally) -> str:
    """A row of the table."""
    cover = "".join(
        f"{within / intervals:8.2f}" if intervals else f"{'-':>8}"
        for within, intervals in (
            (t.sandwich, t.intervals),
            (t.fisher, t.intervals),
            (t.whole_sandwich, t.whole),
            (t.whole_fisher, t.whole),
        )
    )
    return (
        f"{label:26}{t.scenes:6}{t.alarms / t.scenes:8.3f}{t.alarms_auto / t.scenes:8.3f}{t.converged:6}"
        f"{t.off:6}{t.off_said:6}{t.off_auto:6}{t.off_auto_said:7}{t.scenes - t.off:6}{t.intervals:7}{cover}"
        f"{t.false / t.scenes:7.2f}{t.missed / t.scenes:7.2f}{t.extra / t.scenes:7.2f}"
    )


def head(table: str | None) -> str:
    """What stands above the rows."""
    if table is not None:
        names = _COLUMNS[table]
        return "\n".join(["| " + " | ".join(names) + " |", "|" + "---|" * len(names)])
    return (
        f"{'preset, kind, dB':26}{'n':>6}{'alarm':>8}{'auto':>8}{'conv':>6}"
        f"{'off':>6}{'said':>6}{'off_a':>6}{'said_a':>7}{'rest':>6}{'coord':>7}"
        f"{'sandw':>8}{'fisher':>8}{'all_s':>8}{'all_f':>8}{'false':>7}{'missed':>7}{'extra':>7}"
    )


def cells(table: str, name: str, kind: str, snr_db: str, sources: tuple[int, int], t: Tally) -> str:
    """A row of a table of Markdown."""
    if table == "sources":
        covered = f"{t.sandwich / t.intervals:.2f}" if t.intervals else "-"
        shares = (f"{count / t.scenes:.2f}" for count in (t.false, t.missed, t.extra))
        said = (t.scenes, t.off, t.off_said, t.off_auto, t.off_auto_said, covered, t.scenes - t.off)
        return "| " + " | ".join([_WORDS.get(kind, kind), name, *map(str, said), *shares]) + " |"
    least, most = sources
    label = (kind, name, snr_db, str(least) if least == most else f"{least} to {most}")
    counts = (t.scenes, t.alarms, t.converged, t.off, t.off_said, t.off_auto, t.off_auto_said)
    return "| " + " | ".join([*label, *map(str, counts)]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--kinds", default=",".join(CHANGES))
    parser.add_argument("--presets", default="random,pilot")
    parser.add_argument("--snr-db", default="10")
    parser.add_argument("--sources", default="1,3", help="least and most, several pairs apart by semicolons")
    parser.add_argument("--table", nargs="?", const="counts", choices=tuple(_COLUMNS), help="of Markdown")
    parser.add_argument("--level", type=float, default=0.0, help="a p below it counts as a misfit, besides those said")
    row_options(parser, seed=1)
    given = parser.parse_args()
    torch.set_num_threads(1)
    pairs = [tuple(int(k) for k in pair.split(",")) for pair in given.sources.split(";")]
    asked = product(given.presets.split(","), given.kinds.split(","), given.snr_db.split(","), pairs)
    keep(head(given.table), given.out)
    for name, kind, snr_db, (least, most) in asked:
        total = row(kind, name, float(snr_db), (least, most), given.scenes, given.seed, given.level)
        shown = cells(given.table, name, kind, snr_db, (least, most), total) if given.table else ""
        keep(shown or line(f"{name}, {kind}, {snr_db}", total), given.out)


if __name__ == "__main__":
    main()
