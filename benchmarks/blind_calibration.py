"""How far does blind self-calibration mend hardware errors, where all scenes are of one panel and nobody knows it?

K = 3 random sources of powers within 10 dB on the default panel. Phases and dead elements are those of one panel, the
same in all scenes; the error of the channel and the ghosts are drawn for each scene. `sml` is told of none.
`calibrated` first learns gains from these scenes by `calibrate_blind`, without positions but with K, and is told the
gains. A source is found within 5°. Columns as in `benchmarks/impairments.py`; errors one by one, and those of the
preset `hard` together.

    python benchmarks/blind_calibration.py --scenes 96 --snr-db 10 20
"""

import argparse
from dataclasses import fields, replace

import torch
from impairments import judged
from torch import Tensor

from ris_pytorch_pipeline.calibrate import calibrate_blind
from ris_pytorch_pipeline.estimate import Sml
from ris_pytorch_pipeline.physics import (
    CHANNELS,
    ChannelModel,
    Impairments,
    Scenario,
    Scenes,
    channel_named,
    draw,
    preset,
)
from ris_pytorch_pipeline.physics.impairments import estimated_channel
from ris_pytorch_pipeline.rng import stream

SILENT = 1e-4
"""Gain of a dead element: 0 could not be divided out again."""
ONE_PANEL = "of one panel"
SEED = 3


def gains_of(impairments: Impairments, elements: int) -> Tensor:
    """What each element of the panel really does to a wave, (element,)."""
    generator = stream(SEED, "panel")
    phase = impairments.phase_error_rad * torch.randn(elements, generator=generator, dtype=torch.float64)
    alive = torch.rand(elements, generator=generator, dtype=torch.float64) >= impairments.dead_fraction
    return torch.polar(torch.where(alive, 1.0, SILENT).double(), phase)


def drawn(scenario: Scenario, count: int) -> Scenes:
    """Scenes through H diag(g) of which estimators are told H, with the error of the channel."""
    hidden, usual = scenario.impairments, channel_named(scenario.channel).draw
    gains = gains_of(hidden, scenario.horizontal * scenario.vertical)
    CHANNELS[ONE_PANEL] = ChannelModel(name=ONE_PANEL, draw=lambda *given: usual(*given) * gains)
    seen_by_wave = replace(scenario, channel=ONE_PANEL, impairments=Impairments(ghost_db=hidden.ghost_db))
    scenes = draw(seen_by_wave, count, stream(SEED, "blind"))
    seen = scenes.observation
    told = estimated_channel(seen.channel / gains, hidden, stream(SEED, "channel"))
    return replace(scenes, observation=replace(seen, channel=told))


def errors() -> dict[str, Impairments]:
    """Each error of the preset `hard` alone, all of them, and none."""
    hard, none = preset("hard").impairments, Impairments()
    names = [each.name for each in fields(Impairments) if getattr(hard, each.name) != getattr(none, each.name)]
    return {"hard": hard, **{name: replace(none, **{name: getattr(hard, name)}) for name in names}, "none": none}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=96, help="of each cell (96)")
    parser.add_argument("--snr-db", type=float, nargs="+", default=[10.0, 20.0])
    parser.add_argument("--errors", nargs="+", default=list(errors()), choices=list(errors()))
    given = parser.parse_args()
    torch.set_num_threads(1)
    base = preset("random", sources=3, power_db=preset("hard").power_db, distance_law="inverse")
    print("| errors | SNR dB | K | method | success | RMSE ° | missed | false |\n|" + "---|" * 8)
    search = Sml(fit=False)
    for name in given.errors:
        for snr_db in given.snr_db:
            scenes = drawn(replace(base, snr_db=snr_db, impairments=errors()[name]), given.scenes)
            mended = calibrate_blind(scenes.observation, search, 3).applied(scenes.observation)
            for known, sources in (("known", 3), ("estimated", None)):
                for method, seen in (("sml", scenes.observation), ("calibrated", mended)):
                    told = judged(scenes, search(seen, sources))
                    print(f"| {name} | {snr_db:g} | {known} | {method} | {told} |", flush=True)


if __name__ == "__main__":
    main()
