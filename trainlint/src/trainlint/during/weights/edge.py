"""Did somebody write other weights between two steps? A few entries of one tensor tell, at the price of one copy."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .samples import norms

_ENTRIES = 64
_OWN_MEMORY = (nn.Parameter, Tensor)
"""Other kinds may be handles of memory elsewhere."""


class Edge:
    """The first entries of one tensor, as the last step left them.

    Args:
        held: the parameters of a lane, of which the middle one is followed.
    """

    def __init__(self, held: Sequence[Tensor]) -> None:
        self._followed = held[len(held) // 2] if held else None
        self._live: Tensor | None = None
        self._kept: Tensor | None = None
        self._place = 0

    def keep(self) -> None:
        """A step ran: remember what it left."""
        live = self._now()
        if live is None:
            self._kept = None
        elif self._kept is None:
            self._kept = live.clone()
        else:
            self._kept.copy_(live)

    def drift(self, *, closely: bool) -> float:
        """Relative difference between the weights now and as the last step left them; 0 where there was none.

        Args:
            closely: True where a device may be made to wait for the answer.
        """
        kept, live = self._kept, self._now()
        if kept is None or live is None or kept.shape != live.shape:
            return 0.0
        if not closely and (kept.device.type != "cpu" or torch.equal(live, kept)):
            return 0.0
        apart, size = norms([live - kept, kept])
        return apart / max(size, 1e-30)

    def _now(self) -> Tensor | None:
        """A view of the entries, made anew only where the tensor has moved to other memory."""
        own = self._followed
        if own is None or not own.is_contiguous():
            return None
        place = own.data_ptr() if type(own) in _OWN_MEMORY else 0
        if self._live is None or place != self._place or place == 0:
            self._live, self._place = own.detach().view(-1)[:_ENTRIES], place
            self._kept = None if self._kept is not None and self._kept.shape != self._live.shape else self._kept
        return self._live
