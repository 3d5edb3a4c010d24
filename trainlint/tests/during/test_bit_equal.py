"""Every sound training ends with the same weights, bit by bit, with a watch and without."""

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from torch import Tensor, nn

from trainlint import Watch

from . import test_healthy, test_healthy_unusual, test_sound_updates

TRAININGS = [
    (module, training)
    for module in (test_healthy, test_healthy_unusual, test_sound_updates)
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


def weights(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, training: Callable[[], Any], make: Callable[..., Any]
) -> list[Tensor]:
    monkeypatch.setattr(module, "Watch", make)
    net = training().run.model
    return [p.detach().clone() for p in net._parameters.values() if p is not None] + [
        t.detach().clone() for t in net.state_dict().values()
    ]


@pytest.mark.parametrize(("module", "training"), TRAININGS, ids=[t.__name__ for _, t in TRAININGS])
@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step:UserWarning")
def test_weights_are_the_same_with_a_watch_and_without(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, training: Callable[[], Any]
):
    alone = weights(monkeypatch, module, training, Silent)
    for preset in ("light", "full"):
        watched = weights(
            monkeypatch,
            module,
            training,
            lambda *a, preset=preset, **k: Watch(*a, **{**k, "preset": preset, "raises": False}),
        )
        assert len(watched) == len(alone) > 0
        assert all(bool((a == b).all()) for a, b in zip(alone, watched, strict=True)), preset
