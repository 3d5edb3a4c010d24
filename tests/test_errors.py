"""Does every error say the four things, and survive a worker process?"""

import pickle

import pytest

from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError, InputError, RisError, SceneFileError

KINDS = [InputError, ConfigurationError, SceneFileError, InfeasibleError]
PARTS = ("16 codes", "64", "the codebook passed", "pass the codes in use")


@pytest.mark.parametrize("kind", KINDS)
def test_the_message_has_the_four_parts_in_order(kind: type[RisError]) -> None:
    error = kind(*PARTS)
    assert str(error) == "wanted 16 codes; got 64. Likely cause: the codebook passed. Next: pass the codes in use."
    assert (error.wanted, error.got, error.cause, error.move) == PARTS


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_survives_a_worker_process(kind: type[RisError]) -> None:
    copy = pickle.loads(pickle.dumps(kind(*PARTS)))
    assert type(copy) is kind
    assert str(copy) == str(kind(*PARTS))
    assert copy.move == PARTS[-1]


def test_errors_can_be_caught_as_the_builtin_they_are() -> None:
    assert issubclass(InfeasibleError, RuntimeError)
    for kind in (InputError, ConfigurationError, SceneFileError):
        assert issubclass(kind, ValueError)
