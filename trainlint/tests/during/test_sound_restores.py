"""A sound training that puts earlier weights back: is it called healthy?"""

import copy

from torch import Tensor
from torch.optim import SGD

from trainlint import Watch

from .test_sound_updates import batches, mse, net


def back_to_the_best() -> Watch:
    """Each second epoch the weights of an earlier one are loaded, and the rate is halved."""
    model = net()
    optimizer = SGD(model.parameters(), 0.05)
    watch = Watch(model, optimizer)
    past: list[dict[str, Tensor]] = []
    for epoch in range(8):
        for x, y in batches(10):
            optimizer.zero_grad()
            watch.loss(mse(model, x, y)).backward()
            optimizer.step()
        past.append(copy.deepcopy(model.state_dict()))
        watch.epoch(batches=10)
        if epoch % 2:
            model.load_state_dict(past[-2])
            optimizer.param_groups[0]["lr"] /= 2
    return watch


def test_weights_that_are_put_back_on_purpose_are_no_lost_update():
    verdict = back_to_the_best().close()
    assert verdict.healthy, str(verdict)
