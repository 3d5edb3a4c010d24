"""A watch changes nothing, takes itself off again, and hears of everything that an optimiser can do."""

import copy
import json
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import stream
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import LBFGS, SGD, Adam
from torch.optim.lr_scheduler import StepLR

from trainlint import InputError, Plan, State, TrainingFault, Watch, judge
from trainlint.during.plan import Schedule
from trainlint.during.probes.moving.motion import checksum, replica_findings
from trainlint.during.run import Lane
from trainlint.during.weights.meter import Meter
from trainlint.during.weights.names import sample
from trainlint.ledger import read
from trainlint.rules import RULES, rule


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))


def batch(index: int) -> tuple[Tensor, Tensor]:
    x = torch.randn(16, 4, generator=stream(0, "watch", index))
    return x, x[:, :1] + x[:, 1:2].sin()


def run(model: nn.Module, optimizer: torch.optim.Optimizer, watch: Watch | None, count: int = 20) -> list[float]:
    values = []
    for i in range(count):
        x, y = batch(i)
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss = loss if watch is None else watch.loss(loss)
        loss.backward()
        optimizer.step()
        values.append(loss.item())
    return values


@pytest.mark.parametrize("preset", ["light", "full", "trace"])
@pytest.mark.filterwarnings("ignore:Anomaly Detection:UserWarning")
def test_watched_training_is_the_same_bit_by_bit(preset: str):
    alone, watched = net(), net()
    plain = run(alone, Adam(alone.parameters(), 1e-2), None)
    optimizer = Adam(watched.parameters(), 1e-2)
    with Watch(watched, optimizer, preset=preset) as watch:
        assert run(watched, optimizer, watch) == plain
    assert all(torch.equal(a, b) for a, b in zip(alone.parameters(), watched.parameters(), strict=True))


def test_detached_watch_leaves_no_trace():
    model = net()
    optimizer = Adam(model.parameters(), 1e-2)
    scheduler = StepLR(optimizer, 5)
    scaler = torch.amp.GradScaler("cpu")
    before = [set(vars(each)) for each in (optimizer, scheduler, scaler)]
    watch = Watch(model, optimizer, scheduler, scaler, preset="trace")
    watch.close()
    assert [set(vars(each)) for each in (optimizer, scheduler, scaler)] == before
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert not any(m._forward_hooks for m in model.modules())
    assert not torch.is_anomaly_enabled()
    run(model, optimizer, None)
    assert watch.run.applied == 0


def test_without_handing_over_the_loss_updates_are_still_counted():
    model = net()
    optimizer = SGD(model.parameters(), 1e-2)
    watch = Watch(model, optimizer)
    run(model, optimizer, None)
    verdict = watch.close()
    assert verdict.healthy
    assert verdict.counts["updates"] == verdict.counts["backward passes"] == 20
    assert any("watch.loss" in text for text in verdict.blind)


def test_closure_that_steps_several_times_counts_once():
    model = net()
    optimizer = LBFGS(model.parameters(), max_iter=4)
    watch = Watch(model, optimizer)
    x, y = batch(0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = watch.loss(F.mse_loss(model(x), y))
        loss.backward()
        return loss

    for _ in range(3):
        optimizer.step(closure)  # pyright: ignore[reportArgumentType]
    assert watch.run.applied == 3
    assert watch.run.backwards > 3
    assert watch.close().healthy


def test_update_size_equals_the_full_difference():
    model = net()
    optimizer = SGD(model.parameters(), 0.1)
    names: dict[Tensor, str] = {p: n for n, p in model.named_parameters()}
    lane = Lane(optimizer, names)
    meter = Meter(lane)
    x, y = batch(0)
    F.mse_loss(model(x), y).backward()
    before = [p.detach().clone() for p in model.parameters()]
    meter.before()
    optimizer.step()
    meter.after(closure=False, optimizer=optimizer)
    step = meter.step(closure=False, optimizer=optimizer)
    moved = sum(float((p.detach() - b).square().sum()) for p, b in zip(model.parameters(), before, strict=True)) ** 0.5
    size = sum(float(b.square().sum()) for b in before) ** 0.5
    assert step.relative == pytest.approx(moved / size, rel=1e-5)
    assert step.used == pytest.approx({n: float(p.grad.norm()) for p, n in names.items() if p.grad is not None})


@settings(max_examples=25)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=3))
def test_sample_holds_evenly_spaced_entries(shape: list[int]):
    tensor = torch.arange(float(torch.Size(shape).numel())).reshape(shape)
    found = sample(tensor)
    assert 0 < found.numel() <= 512
    assert len(set(found.diff().tolist())) <= 1


@given(st.integers(1, 10_000))
def test_schedule_is_sparse_but_never_blind(update: int):
    schedule = Schedule()
    assert any(schedule.due(u) for u in range(update, 2 * update + 1))
    assert sum(schedule.due(u) for u in range(1, update + 1)) <= 3 + update.bit_length()


def test_tolerated_finding_is_counted_and_raises_when_it_comes_too_often(tmp_path):
    model = net()
    optimizer = SGD(model.parameters(), 0.0)
    watch = Watch(model, optimizer, tolerate={"RT101": 5}, ledger=tmp_path / "l.jsonl")
    with pytest.raises(TrainingFault, match="RT101"):
        run(model, optimizer, watch)
    watch.close()
    counts = [record["count"] for record in read(tmp_path / "l.jsonl") if record.get("code") == "RT101"]
    assert counts == [1, 2, 4, 6]  # powers of two, and what is raised
    assert watch.run.applied == 6
    always = Watch(model, SGD(model.parameters(), 0.0), tolerate={"RT101": -1})
    run(model, always.run.lanes[0].optimizer, None)
    assert always.close().codes[0] == "RT101"


def test_evidence_is_on_disk_before_the_fault_is_raised(tmp_path):
    model = net()
    optimizer = SGD(model.parameters(), 0.0)
    watch = Watch(model, optimizer, ledger=tmp_path / "l.jsonl", identity={"config": "a"})
    with pytest.raises(TrainingFault) as caught:
        run(model, optimizer, watch)
    records = read(tmp_path / "l.jsonl")
    watch.close()
    assert records[0]["identity"] == {"config": "a"}
    assert records[-1]["code"] == "RT101"
    assert records[-1]["severity"] == "fatal"
    assert pickle.loads(pickle.dumps(caught.value)).finding.rule == caught.value.finding.rule


def test_fused_optimiser_under_a_scaler_is_counted_as_skipped():
    model = net()
    optimizer = SGD(model.parameters(), 1e-2, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    watch = Watch(model, optimizer, scaler=scaler, raises=False)
    for i in range(6):
        x, y = batch(i)
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        scaler.scale(loss * (float("inf") if i % 2 else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()
    assert (watch.run.applied, watch.run.skipped) == (3, 3)


def test_declared_freeze_is_kept_and_an_undeclared_one_is_noted():
    def fine_tune(plan: Plan) -> Watch:
        model = net()
        model[0].requires_grad_(False)
        optimizer = SGD([p for p in model.parameters() if p.requires_grad], 1e-2)
        watch = Watch(model, optimizer, plan=plan)
        run(model, optimizer, watch)
        return watch

    assert fine_tune(Plan(frozen=("0",))).close().codes == ()
    noted = fine_tune(Plan()).close()
    assert noted.healthy
    assert noted.codes == ("RT132",)


def test_compiled_model_is_watched_without_forward_hooks():
    model = net()
    compiled = torch.compile(model, backend="eager")
    optimizer = SGD(model.parameters(), 1e-2)
    watch = Watch(compiled, optimizer)  # pyright: ignore[reportArgumentType]
    run(compiled, optimizer, watch, 5)  # pyright: ignore[reportArgumentType]
    verdict = watch.close()
    assert verdict.healthy, str(verdict)
    assert verdict.counts["updates"] == 5


def test_wrong_arguments_are_refused():
    model = net()
    optimizer = SGD(model.parameters(), 1e-2)
    with pytest.raises(InputError, match="RT000"):
        Watch(model, optimizer, tolerate={"RT000": 1})
    watch = Watch(model, optimizer)
    watch.loss(torch.ones(3))  # in the loop nothing is refused
    assert any("no scalar" in text for text in watch.close().blind)


def test_verdict_ranks_and_serialises():
    found = [rule("RT202").found("a"), rule("RT101").found("b"), rule("RT409").found("c")]
    verdict = judge(found)
    assert verdict.state is State.STALLED
    assert verdict.codes == ("RT101", "RT202", "RT409")
    assert json.loads(verdict.json())["verdict"] == "Stalled"
    assert judge([rule("RT409").found("c")]).healthy
    assert judge([rule("RT122").found("x", subject="head")]).modules == ("head",)
    assert all(str(each.found("x")) for each in RULES)


def test_replicas_are_compared():
    one, two = net(), net()
    assert replica_findings([checksum(one, 3), checksum(two, 3)]) == []
    assert replica_findings([checksum(one, 3), checksum(two, 2)])[0].rule.code == "RT128"
    with torch.no_grad():
        next(two.parameters()).add_(1e-3)
    assert replica_findings([checksum(one, 3), checksum(two, 3)])[0].rule.code == "RT128"


PARALLEL = """
import sys, torch
from torch import distributed, multiprocessing, nn
from trainlint import Watch

def work(rank, path):
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{path}", rank=rank, world_size=2)
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    watch = Watch(model, optimizer, raises=False)
    for i in range(4):
        optimizer.zero_grad()
        model(torch.ones(1, 2) * i).square().sum().backward()
        if not (rank == 1 and i == 2):
            optimizer.step()
        watch.epoch()
    distributed.barrier()  # a watch waits for nobody: it reads what the others have left
    print(rank, watch.close().codes, flush=True)
    distributed.destroy_process_group()

if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    ranks = [context.Process(target=work, args=(rank, sys.argv[1])) for rank in range(2)]
    for rank in ranks:
        rank.start()
    for rank in ranks:
        rank.join()
"""


def test_a_rank_that_skips_alone_is_seen_by_all(tmp_path, nursery):
    (tmp_path / "parallel.py").write_text(PARALLEL)
    done = nursery.run("parallel.py", str(tmp_path / "store"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("RT128") == 2


def test_copies_of_a_watched_model_can_be_made():
    model = net()
    optimizer = SGD(model.parameters(), 1e-2)
    watch = Watch(model, optimizer)
    run(model, optimizer, watch, 3)
    watch.close()
    assert copy.deepcopy(model.state_dict()).keys() == model.state_dict().keys()
