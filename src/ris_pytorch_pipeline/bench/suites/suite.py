"""What does a suite compare? Contenders with their settings, over sweeps of any field: one frozen value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from ...data import config_digest
from ...estimate import GENIE
from ...experiment import overlay, plain
from ...physics import Scenario

Order = Literal["known", "estimated"]
"""Whether contenders are told the number of sources."""


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """A contender and its settings.

    >>> mine = Entrant(estimator="sml", settings={"most_sources": 3})
    >>> mine.changed({"threshold": 30.0}).settings
    {'most_sources': 3, 'threshold': 30.0}
    >>> mine.to_plain()  # what is not said is left out
    {'estimator': 'sml', 'settings': {'most_sources': 3}}

    Args:
        estimator: name of a registered estimator, or `genie`; empty where a trained network locates.
        model: path of a checkpoint, or of a run's folder.
        settings: fields of the estimator, nested as they are; of a network those of `ModelSettings`.
        digest: SHA-256 of the checkpoint, by which a suite knows that it is the same network.
    """

    estimator: str = ""
    model: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    digest: str | None = None

    def changed(self, settings: Mapping[str, Any]) -> "Entrant":
        """The same contender with more settings, which win."""
        merged = merge(self.settings, settings)
        return Entrant(estimator=self.estimator, model=self.model, settings=merged, digest=self.digest)

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {name: value for name, value in vars(self).items() if value}


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The calibrated hardware that the scenes of a sweep are measured with.

    >>> Behind(calibration="panel.safetensors", told=False).to_plain()
    {'calibration': 'panel.safetensors', 'told': False}

    Args:
        calibration: path of a file that `ris calibrate` wrote.
        told: whether contenders are given codes and channel as that hardware makes them; otherwise as intended.
        digest: SHA-256 of the file, by which a suite knows that it is the same hardware.
    """

    calibration: str
    told: bool = True
    digest: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Axis:
    """What is varied, and over which values.

    >>> axis = Axis(name="snr_db", labels=(0, 10), changes=({"snr_db": 0}, {"snr_db": 10}))
    >>> dict(zip(axis.labels, axis.changes, strict=True))[10]
    {'snr_db': 10}

    Args:
        name: of the field, dotted where it is nested; `settings.FIELD` is one of the contenders; or of the variants.
        labels: how each value is called: the value itself, or the name of a variant.
        changes: what each value lays over the scenario, or over the contenders' settings.
        of_contenders: whether it is laid over these.
    """

    name: str
    labels: tuple[Any, ...]
    changes: tuple[Mapping[str, Any], ...]
    of_contenders: bool = False


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The product of some axes, and who runs on it.

    >>> from ris_pytorch_pipeline.physics import Scenario
    >>> axis = Axis(name="snr_db", labels=(0, 10), changes=({"snr_db": 0}, {"snr_db": 10}))
    >>> sweep = Sweep(name="snr", methods=("sml",), scenes=200, order="known", scenario=Scenario(), axes=(axis,))
    >>> sweep.points, len(Suite(seed=0, contenders={"sml": Entrant(estimator="sml")}, sweeps=(sweep,)).cells())
    (2, 2)
    >>> sweep.to_plain()["axes"]
    {'snr_db': [[0, {'snr_db': 0}], [10, {'snr_db': 10}]]}

    Args:
        name: of the sweep.
        methods: names of contenders.
        scenes: of each cell.
        order: whether contenders are told K.
        scenario: what the axes are laid over.
        axes: the first one is the outermost.
        behind: the hardware of its scenes; None is nominal hardware.
    """

    name: str
    methods: tuple[str, ...]
    scenes: int
    order: Order
    scenario: Scenario
    axes: tuple[Axis, ...]
    behind: Behind | None = None

    @property
    def points(self) -> int:
        """How many combinations of values there are."""
        count = 1
        for axis in self.axes:
            count *= len(axis.labels)
        return count

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        axes = {axis.name: [[label, change] for label, change in _pairs(axis)] for axis in self.axes}
        own = {"methods": list(self.methods), "scenes": self.scenes, "order": self.order}
        behind = {} if self.behind is None else {"behind": self.behind.to_plain()}
        return own | behind | {"scenario": plain(self.scenario), "axes": axes}


@dataclass(frozen=True, kw_only=True)
class Pending:
    """One cell that is to be run: a contender at one combination of values.

    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> pending = suite_of({"sweeps": {"snr": {"methods": ["sml"], "over": {"snr_db": [0, 10]}}}}).cells()[1]
    >>> pending.key, pending.scenario.snr_db, pending.brings_genie
    (('snr', 1, 'sml'), 10.0, True)

    Args:
        sweep: name of the sweep.
        point: number of the combination in the sweep.
        axes: label by axis.
        scenario: that scenes are drawn from.
        method: name of the contender.
        entrant: the contender, with the settings of this combination.
        scenes: how many.
        seed: of the suite.
        order: whether the contender is told K.
        tests: cells of the sweep, for the alarm.
        brings_genie: whether its row gets the genie's figures by a genie of its own, since the sweep has none.
        behind: the hardware of its scenes; None is nominal hardware.
    """

    sweep: str
    point: int
    axes: Mapping[str, Any]
    scenario: Scenario
    method: str
    entrant: Entrant
    scenes: int
    seed: int
    order: Order
    tests: int
    brings_genie: bool = False
    behind: Behind | None = None

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells it from the other cells of its suite."""
        return self.sweep, self.point, self.method

    @property
    def label(self) -> str:
        """Which cell it is, in words."""
        return f"{self.sweep}, {self.where}, {self.method}" if self.axes else f"{self.sweep}, {self.method}"

    @property
    def where(self) -> str:
        """The values of its axes, in words."""
        return ", ".join(f"{name} {label}" for name, label in self.axes.items())


@dataclass(frozen=True, kw_only=True)
class Suite:
    """Everything that decides the numbers of a benchmark.

    >>> from ris_pytorch_pipeline.bench import suite_of
    >>> suite = suite_of({"seed": 3, "sweeps": {"all": {"methods": ["sml", "genie"]}}})
    >>> [cell.label for cell in suite.cells()], suite.seed
    (['all, sml', 'all, genie'], 3)

    Args:
        seed: of every random stream.
        contenders: by name.
        sweeps: in order.
        extended: SHA-256 of each file that `--extend` ran, by its name.
    """

    seed: int
    contenders: Mapping[str, Entrant]
    sweeps: tuple[Sweep, ...]
    extended: Mapping[str, str] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it; equal suites give equal results."""
        return {
            "seed": self.seed,
            "extended": dict(self.extended),
            "contenders": {name: entrant.to_plain() for name, entrant in self.contenders.items()},
            "sweeps": {sweep.name: sweep.to_plain() for sweep in self.sweeps},
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the plain values, see `config_digest`."""
        return config_digest(self.to_plain())

    def cells(self) -> tuple[Pending, ...]:
        """Every cell, by sweep, then combination, then contender.

        Raises:
            ConfigurationError: a combination that the scenario refuses.
        """
        return tuple(cell for sweep in self.sweeps for cell in self._cells_of(sweep))

    def _cells_of(self, sweep: Sweep) -> Iterator[Pending]:
        for point, chosen in enumerate(product(*(_pairs(axis) for axis in sweep.axes))):
            scenario, settings, labels = sweep.scenario, dict[str, Any](), dict[str, Any]()
            changes: dict[str, Any] = {}
            for axis, (label, change) in zip(sweep.axes, chosen, strict=True):
                labels[axis.name] = label
                if axis.of_contenders:
                    settings = merge(settings, change)
                else:
                    changes = merge(changes, change)
            scenario = overlay(scenario, changes, f"sweeps.{sweep.name}")
            for method in sweep.methods:
                yield Pending(
                    sweep=sweep.name, point=point, axes=labels, scenario=scenario, method=method,
                    entrant=self.contenders[method].changed(settings), scenes=sweep.scenes, seed=self.seed,
                    order=sweep.order, tests=sweep.points * len(sweep.methods),
                    brings_genie=GENIE not in sweep.methods, behind=sweep.behind,
                )  # fmt: skip


def merge(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """One mapping, tables merged key by key; the second one wins."""
    result = dict(first)
    for key, value in second.items():
        held = result.get(key)
        result[key] = merge(held, value) if isinstance(value, Mapping) and isinstance(held, Mapping) else value
    return result


def _pairs(axis: Axis) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    return zip(axis.labels, axis.changes, strict=True)
