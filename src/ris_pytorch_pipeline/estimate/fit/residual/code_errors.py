"""What would move in the measurements if a panel did not do what its codes say, alike at all elements?"""

import torch
from jaxtyping import Complex, Int
from scipy.spatial import KDTree
from torch import Tensor

from ....physics import Array, Observation

_REACH = 1.2
"""Median distances to the nearest element within which elements are neighbours: across a square they are not."""


def code_errors(
    observation: Observation, field: Complex[Tensor, "scene frequency snapshot element"]
) -> Complex[Tensor, "scene block direction antenna"]:
    """H x_l for what hardware adds to the stated c_l ∘ f_l, f the field at the elements.

    With T the sum over neighbours, x is T (c ∘ f) where neighbours radiate what an element sends, and c ∘ T (c ∘ f)
    where they scatter it once more: the first order of mutual coupling, (diag(c)⁻¹ - S)⁻¹. A reflection that no code
    changes is f, and of c ∘ c and its conjugate come wrong tables of states: any function of three phases is a sum of
    1, c and c*.

    Args:
        observation: scaled scenes.
        field: Σ_k a_k s_kl at each element, in the precision that is wanted.
    """
    codes, channel = (part.to(field.dtype) for part in observation.by_frequency())
    sent = codes * field
    near = _over_neighbours(sent, neighbours(observation.array).to(sent.device))
    added = torch.stack([near, codes * near, field, codes * sent, codes.conj() * field], dim=3)
    return (added.flatten(2, 3) @ channel.mT).unflatten(2, added.shape[2:4]).flatten(1, 2)


def neighbours(array: Array) -> Int[Tensor, "2 pair"]:
    """Pairs of elements that are next to each other.

    >>> from ris_pytorch_pipeline.physics import Panel
    >>> neighbours(Panel(horizontal=2, vertical=2, spacing=0.15).array(0.3)).T.tolist()
    [[0, 1], [0, 2], [1, 3], [2, 3]]
    """
    if len(array) < 2:
        return torch.zeros(2, 0, dtype=torch.long)
    tree = KDTree(array.placed.numpy())
    nearest, _ = tree.query(array.placed.numpy(), k=2)
    pairs = tree.query_pairs(_REACH * float(torch.from_numpy(nearest[:, 1]).median()), output_type="ndarray")
    return torch.from_numpy(pairs[pairs.dot([len(array), 1]).argsort()]).long().mT


def _over_neighbours(values: Tensor, pairs: Int[Tensor, "2 pair"]) -> Tensor:
    """T x: at each element the sum of a value over its neighbours."""
    first, second = pairs
    summed = torch.zeros_like(values).index_add_(-1, first, values[..., second])
    return summed.index_add_(-1, second, values[..., first])
