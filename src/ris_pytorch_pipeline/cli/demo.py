"""`ris demo`: simulate, locate with maximum likelihood and with MUSIC, print both beside the bound, draw figures."""

import argparse
from pathlib import Path

import torch
from matplotlib.figure import Figure

from ..bench import Cell, contender, region_of
from ..bench.sweep import sweep
from ..covariance import back_projected, music, signal_subspace
from ..data import SceneFile, load_scenes
from ..errors import SceneFileError
from ..estimate import Estimate, SearchRegion, search_grid
from ..experiment import Experiment, resolve, to_toml
from ..physics import Observation, steering_at
from ..report import spectrum_figure, sweep_figure
from .arguments import overrides_of
from .bench import print_cells
from .figures import save_figure, scene_figure
from .findings import findings_of
from .locate import locate, print_finding
from .output import Bar
from .simulate import write

METHODS = ("sml", "bp-music")
_SOURCES = 3
_BASE = {"scenes": 40, "scenario": {"sources": _SOURCES, "snr_db": 10}}
_GRID = {"sources": (1, 3), "snr_db": (0.0, 10.0, 20.0)}


def run(arguments: argparse.Namespace) -> None:
    """Run the whole demonstration into a folder."""
    experiment = resolve(_BASE, overrides_of(arguments))
    folder = made(arguments.out)
    (folder / "config.toml").write_text(to_toml(experiment), encoding="utf-8")
    write(experiment, folder / "scenes.safetensors", torch.complex64, overwrite=True)
    file = load_scenes(folder / "scenes.safetensors")
    region = region_of(experiment.scenario)
    found = {name: _first(file, name, region) for name in METHODS}
    cells = _sweep(experiment)
    print_cells(cells, f"K known; configuration {experiment.digest}")
    figures = {
        "geometry.png": scene_figure(file, found["sml"]),
        "spectrum.png": music_figure(file, region, found["bp-music"]),
        "sweep.png": sweep_figure(cells),
    }
    for name, figure in figures.items():
        save_figure(figure, folder / name)
    print(f"in {folder}: {', '.join(sorted(path.name for path in folder.iterdir()))}")


def made(folder: Path) -> Path:
    """The folder, made if it does not exist.

    Raises:
        SceneFileError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SceneFileError(
            "a folder to write to", f"{folder}: {error.strerror}", "a file of that name, or no permission", "pass --out"
        ) from error
    return folder


def _first(file: SceneFile, name: str, region: SearchRegion) -> Estimate:
    """The estimate of the first scene, printed beside truth and bound."""
    part = SceneFile(
        observation=file.observation[:1].to(dtype=torch.complex128),
        truth=None if file.truth is None else file.truth[:1],
        header=file.header,
    )
    estimate = locate(contender(name, region), part.observation, _SOURCES)
    print_finding(findings_of(part, estimate, [0])[0], name)
    print()
    return estimate


def _sweep(experiment: Experiment) -> list[Cell]:
    """Both estimators, known K, on a few scenes of each cell."""
    with Bar("sweeping") as bar:
        return list(
            sweep(
                experiment.scenario,
                METHODS,
                scenes=experiment.scenes,
                seed=experiment.seed,
                known_order=True,
                progress=lambda label, done, total: bar(done, total, label),
                **_GRID,
            )
        )


def music_figure(file: SceneFile, region: SearchRegion, found: Estimate) -> Figure:
    """The MUSIC spectrum of the first scene's back-projected covariance, in dB."""
    scene: Observation = file.observation[:1].to(dtype=torch.complex128)
    grid = search_grid(region, scene.elements, scene.wavelength, oversampling=4)
    basis = signal_subspace(back_projected(scene, silent=True).dense(), _SOURCES)
    vectors = steering_at(grid.points(), scene.elements, scene.wavelength)
    values = -10 * music(basis, vectors)[0].log10()
    true = None if file.truth is None else file.truth.positions[0].double()
    return spectrum_figure(grid, values, quantity="back-projection MUSIC (dB)", true=true, found=found.positions[0])
