"""How many sources can be told apart, and is it said where nothing is left over that could test the answer?"""

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.estimate import PilotMl, Sml, Status
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream


def test_as_many_random_sources_as_antennas_leave_nothing_to_test() -> None:
    scenario = preset("random", horizontal=8, vertical=8, antennas=3, sources=3, snr_db=25.0, separation=0.4)
    scenes = draw(scenario, 2, stream(5, "as many as antennas"))
    found = Sml()(scenes.observation, 3)
    assert found.fit is not None
    assert all(Status.UNTESTED in said for said in found.fit.findings)
    assert Status.CONVERGED not in found.status, "what cannot be tested is not confirmed"
    fewer = Sml()(scenes.observation, 2).fit
    assert fewer is not None
    assert all(Status.UNTESTED not in said for said in fewer.findings)


def test_more_pilots_than_antennas_are_located() -> None:
    scenario = preset("pilot", antennas=4, snapshots=32, sources=5, snr_db=25.0, separation=0.2)
    scenes = draw(scenario, 2, stream(5, "more pilots than antennas"))
    found = PilotMl()(scenes.observation, 5)
    assert found.fit is not None
    assert all(Status.UNTESTED not in said for said in found.fit.findings)
    assert bool(matched(found, scenes.truth).found.all())
