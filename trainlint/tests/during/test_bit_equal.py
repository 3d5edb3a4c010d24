"""Every sound training is called healthy, and ends with the same weights, bit by bit, with a watch and without."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from torch import Tensor, nn

from trainlint import Watch

from . import healthy, test_healthy_unusual, test_sound_updates

Case = tuple[ModuleType, Callable[[], Any]]
"""The module that a training is in, and the training."""
TRAININGS: list[Case] = [
    (module, training)
    for module in (healthy, test_healthy_unusual, test_sound_updates)
    for training in module.TRAININGS
]


class Silent:
    """Stands where a watch would, and does nothing but count what a test asks for."""

    def __init__(self, model: nn.Module, *_: object, **__: object) -> None:
        lane = SimpleNamespace(skipped={"gradients not finite": 2})
        self.run = SimpleNamespace(model=model, lanes=[lane], skipped=1, backwards=120, applied=60)

    def loss(self, loss: Tensor, **_: object) -> Tensor:
        return loss

    def epoch(self, **_: object) -> None:
        pass

    def skipped(self, reason: str) -> None:
        pass


def trained(monkeypatch: pytest.MonkeyPatch, case: Case, make: Callable[..., Any]) -> Any:
    """What a training returns, which is what stands in the watch's place."""
    module, training = case
    monkeypatch.setattr(module, "Watch", make)
    return training()


def weights(watch: Any) -> list[Tensor]:
    """Of the model of a training."""
    net = watch.run.model
    return [p.detach().clone() for p in net._parameters.values() if p is not None] + [
        t.detach().clone() for t in net.state_dict().values()
    ]


@pytest.mark.parametrize("case", TRAININGS, ids=[t.__name__ for _, t in TRAININGS])
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
def test_a_sound_training_is_healthy_and_its_weights_are_those_without_a_watch(
    monkeypatch: pytest.MonkeyPatch, case: Case
):
    alone = weights(trained(monkeypatch, case, Silent))
    light = trained(monkeypatch, case, Watch)
    watched, verdict = {"light": weights(light)}, light.close()
    full = trained(monkeypatch, case, lambda *a, **k: Watch(*a, **{**k, "preset": "full", "raises": False}))
    for preset, found in {**watched, "full": weights(full)}.items():
        assert len(found) == len(alone) > 0
        assert all(bool((a == b).all()) for a, b in zip(alone, found, strict=True)), preset
    assert verdict.healthy, str(verdict)
    assert case[0] is not test_healthy_unusual or verdict.counts["updates"] >= 40
