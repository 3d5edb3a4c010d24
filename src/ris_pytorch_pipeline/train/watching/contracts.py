"""Are the scenes what they should be? Splits, label ranges, fields, slots, and labels that belong to their inputs."""

import math

import torch
from torch import Tensor
from trainlint.rules import data as rules

from trainlint import Finding, fields_alive, label_ranges, overlap

from ...data import BatchSource, Inputs, Labels
from ...experiment.training import TrainingExperiment
from ...physics import Scenario, channel_named, codebook_named, directions_of, ends, steering_at
from ..parts import Criterion, Data

_MOST = 1024
"""Scenes of a split that are compared with those of the other one."""

Checked = tuple[str, list[Finding]]
"""A number as text, and findings."""


def disjoint(data: Data, experiment: TrainingExperiment) -> Checked:
    """No scene of the validation among those of the training's first epoch, by content."""
    if experiment.plan.same_scenes:
        return "the same scenes, as asked for", []
    splits = {"training": _scenes(data.train(0)), "validation": _scenes(data.validation)}
    text = ", ".join(f"{len(scenes)} {name}" for name, scenes in splits.items())
    return f"{text} scenes, none in both", overlap(splits)


def _scenes(source: BatchSource) -> list[Tensor]:
    scenes: list[Tensor] = []
    for index in range(len(source)):
        scenes += source[index][0].observation.measurements
        if len(scenes) >= _MOST:
            break
    return scenes[:_MOST]


def in_range(labels: Labels, scenario: Scenario) -> Checked:
    """Azimuth, elevation, distance, SNR and number of sources within the scenario."""
    told = _coordinates(labels)
    told |= {"snr_db": labels.snr_db.double(), "sources": labels.sources.double()}
    azimuth, elevation = (
        tuple(math.radians(end) for end in ends(span)) for span in (scenario.azimuth_deg, scenario.elevation_deg)
    )
    ranges = {"azimuth": azimuth, "elevation": elevation, "distance": ends(scenario.distance)}
    ranges |= {"snr_db": ends(scenario.snr_db), "sources": ends(scenario.sources)}
    # Positions go through float32 direction cosines and back: 1e-4, and a thousandth of the span, are forgiven.
    slack = {name: 1e-4 + 1e-3 * (high - low) for name, (low, high) in ranges.items()}
    wide = {name: (low - slack[name], high + slack[name]) for name, (low, high) in ranges.items()}
    distance = told["distance"][~told["distance"].isnan()]
    text = f"{len(labels)} scenes, {float(distance.min()):.2f} to {float(distance.max()):.2f} m"
    return text, label_ranges(told, {name: wide[name] for name in told})


def _coordinates(labels: Labels) -> dict[str, Tensor]:
    """Azimuth, elevation and distance of the labels as the array's centre sees them, as far as their cosines tell them.

    A line sees a cone, and a flat array that is turned may see its sources behind itself, where they have the cosines
    of their mirror images: of both the distance alone is that of the scenario.
    """
    cosines, array = labels.cosines.double(), labels.array
    told = {"distance": 1 / cosines[..., -1]}
    if array.deep or (array.dimension == 2 and array.frame.identity):
        x, y, z = directions_of(cosines, array).unbind(-1)
        told |= {"azimuth": torch.atan2(y, x), "elevation": torch.asin(z.clamp(-1, 1))}
    return told


def alive(inputs: Inputs, labels: Labels, scenario: Scenario) -> Checked:
    """Every field finite, not zero, and not the same for all scenes, except where the scenario fixes it."""
    seen = inputs.observation
    fields = {
        "images": inputs.images, "energy": inputs.energy, "log_noise": inputs.log_noise, "channel": seen.channel,
        "measurements": seen.measurements, "codes": seen.codes, "cosines": labels.cosines[:, 0],
        "sources": labels.sources, "powers": labels.powers, "snr_db": labels.snr_db,
    }  # fmt: skip
    of = {"sources": ("sources",), "snr_db": ("snr_db",), "cosines": ("azimuth_deg", "elevation_deg", "distance")}
    fixed = [name for name, spans in of.items() if all(len(set(ends(vars(scenario)[span]))) == 1 for span in spans)]
    drawn = {"codes": codebook_named(scenario.codes), "channel": channel_named(scenario.channel)}
    fixed += ["powers", *(name for name, entry in drawn.items() if entry.fixed)]
    return f"{len(fields)} fields of {len(labels)} scenes", fields_alive(fields, constant=fixed)


def unordered(loss: Criterion, prediction: object, inputs: Inputs, labels: Labels) -> Checked:
    """The loss is the same for every order of the sources."""
    slots = torch.arange(labels.cosines.shape[1], device=labels.sources.device)
    count = labels.sources[:, None]
    turned = torch.where(slots < count, count - 1 - slots, slots)
    other = Labels(
        cosines=labels.cosines.gather(1, turned[..., None].expand_as(labels.cosines)),
        powers=labels.powers.gather(1, turned),
        sources=labels.sources, snr_db=labels.snr_db, array=labels.array,
    )  # fmt: skip
    with torch.no_grad():
        one, two = (float(loss(prediction, inputs, each).total) for each in (labels, other))
    apart = abs(one - two) / max(abs(one), abs(two), 1e-12)
    text = f"loss {one:.6g}, and {two:.6g} with the sources in reverse order"
    return text, [] if apart <= 1e-5 else [rules.ORDER.found(text, before=one, after=two)]


def belonging(inputs: Inputs, labels: Labels) -> Checked:
    """Beams towards the labelled sources hold more of a scene's own images than of another scene's.

    Per scene log(P_own/P_other) with P = mean over sources and snapshots of |a^H z_l|²; its mean must be more than two
    standard errors above 0.
    """
    if len(labels) < 8:
        return f"left out: {len(labels)} scenes are too few to tell", []
    others = labels[torch.arange(len(labels), device=labels.sources.device).roll(1)]
    gain = (_beamed(inputs, labels) / _beamed(inputs, others)).log()
    mean, error = float(gain.mean()), float(gain.std()) / len(gain) ** 0.5
    if error == 0:
        return "left out: every scene has the same positions", []
    text = f"beams at the labels hold {math.exp(mean):.2f} times those at another scene's ({mean / error:.1f} errors)"
    return text, [] if mean > 2 * error else [rules.STRANGERS.found(text, gain=mean, error=error)]


def _beamed(inputs: Inputs, labels: Labels) -> Tensor:
    images = torch.complex(inputs.images[:, :, 0], inputs.images[:, :, 1])
    images = images.unflatten(1, (labels.array.frequencies, -1))
    cosines = labels.cosines.masked_fill(~labels.present[..., None], 0)
    vectors = steering_at(cosines, labels.array).to(images.dtype)
    vectors = vectors if labels.array.frequencies > 1 else vectors[:, None]
    power = (vectors.conj() @ images.mT).abs().square().mean(dim=(1, -1))
    return (power * labels.present).sum(-1) / labels.present.sum(-1).clamp_min(1)
