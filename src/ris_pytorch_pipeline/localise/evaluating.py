"""How a network answers without training: in evaluation mode, without gradients, and with finite numbers."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from ..data import Inputs
from ..nets import Network, Prediction
from .refusals import check_finite


def answer_of(net: Network, inputs: Inputs) -> Prediction:
    """The network's answer.

    Args:
        net: in any mode, which it keeps.
        inputs: on its device.

    Raises:
        InputError: an answer with NaN.
    """
    with torch.no_grad(), _evaluating(net):
        answer = net(inputs)
    check_finite(answer)
    return answer


@contextmanager
def _evaluating(net: Network) -> Iterator[None]:
    """The network in evaluation mode, and back in its former mode afterwards; to change it takes a while."""
    training = net.training
    if not training:
        yield
        return
    net.eval()
    try:
        yield
    finally:
        net.train()
