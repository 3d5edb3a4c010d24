"""Is what a user needs in the package itself, and does the first example of the README compare like with like?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ris_pytorch_pipeline as ris
from ris_pytorch_pipeline.errors import InputError

README = Path(__file__).parents[1] / "README.md"


def test_the_package_loads_nothing_until_it_is_asked() -> None:
    script = (
        "import sys, ris_pytorch_pipeline as ris; assert 'torch' not in sys.modules; print(len(ris.__all__));"
        "ris.Panel; assert 'torch' in sys.modules and 'matplotlib' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 10


def test_the_first_example_of_the_readme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (example, *_) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert "import ris_pytorch_pipeline as ris" in example
    values: dict = {}
    exec(compile(example, "README.md", "exec"), values)
    assert capsys.readouterr().out.count("tensor(") == 3
    error, bound = values["found"].error, ris.scene_bound(values["scenes"]).deviations
    heard = values["found"].found
    ratio = (error / bound)[heard].square().mean(0).sqrt()
    assert bool(((ratio > 0.5) & (ratio < 1.6)).all()), "errors of the very sources that are bounded"


def test_matching_undoes_any_order_of_the_slots() -> None:
    scenes = ris.simulate(ris.preset("random", horizontal=6, vertical=6, sources=2, snr_db=20.0), 3, 0)
    estimate = ris.Sml()(scenes.observation, sources=2)
    swapped = type(estimate)(**vars(estimate) | {
        name: vars(estimate)[name].flip(1) for name in ("positions", "deviations", "powers")
    })  # fmt: skip
    here, there = ris.matched(estimate, scenes.truth), ris.matched(swapped, scenes.truth)
    torch.testing.assert_close(here.positions, there.positions)
    torch.testing.assert_close(here.powers, there.powers)
    torch.testing.assert_close(here.positions - scenes.truth.positions, here.error)
    assert bool(here.found.all()) and here.false.tolist() == [0, 0, 0]


def test_a_missed_source_is_nan_and_a_false_one_counted() -> None:
    scenes = ris.simulate(ris.preset("random", horizontal=6, vertical=6, sources=1, snr_db=20.0), 2, 0)
    estimate = ris.Sml()(scenes.observation, sources=1)
    astray = type(estimate)(**vars(estimate) | {"positions": estimate.positions + torch.tensor([0.4, 0.0, 0.0])})
    found = ris.matched(astray, scenes.truth)
    assert not bool(found.found.any()) and bool(found.error.isnan().all()) and found.false.tolist() == [1, 1]
    with pytest.raises(InputError, match="2 and 1 scenes"):
        ris.matched(estimate, scenes.truth[:1])
