"""Examples of the rules that a log shows, or that a check finds which one has to call: broken, and what mends them."""

_ROWS = """log = []
for step in range(1, 61):
    loss = {value}
    log.append(f"step {{step}} loss {{loss:.4f}}{more}")
"""


def _rows(value: str, more: str = "") -> str:
    return _ROWS.format(value=value, more=more)


LOGGED: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "RT160": (_rows("3 / step", " scale {max(1.0, 2.0 ** (17 - step))}"),
              [("max(1.0, 2.0 ** (17 - step))", "65536.0")]),
    "RT230": (_rows("2 / step", " val_loss {1 + abs(step - 12) / 20:.4f}"), [("abs(step - 12) / 20", "2 / step")]),
    "RT250": (_rows("2.0 + 1 / step if step < 30 else 0.0"), [(" if step < 30 else 0.0", "")]),
    "RT251": (_rows("2.3026 + 0.001 * (step % 3)"), [("2.3026", "2.3026 / step")]),
    "RT253": (_rows("1 + step / 20"), [("1 + step / 20", "1 + 20 / step")]),
    "RT254": (_rows("3 / step", " mAP {0.4 + step / 1000 if step < 40 else 0.02}"),
              [("0.4 + step / 1000 if step < 40 else 0.02", "0.4 - 0.3 / step")]),
    "RT255": (_rows("3 / step", " perplexity {20.0 if step < 40 else float('inf')}"),
              [("20.0 if step < 40 else float('inf')", "20.0 + 1 / step")]),
    "RT256": (_rows("5 - 1.2 ** step"), [("5 - 1.2 ** step", "5 / step")]),
}  # fmt: skip
"""Code of a rule, a program that makes a broken log, and what mends it."""

CALLED: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "RT257": ("""from trainlint.after.compare import compare
from trainlint.after.reading.sources import read_text
sound = "\\n".join(f"epoch {e} loss {2 / e:.3f}" for e in range(1, 20))
run = "\\n".join(f"epoch {e} loss {3 - e / 9:.3f}" for e in range(1, 20))
findings = compare(read_text(run), read_text(sound)).findings
""", [("3 - e / 9", "2 / e")]),
    "RT110": ("""import torch
from trainlint.before.lossproof import accumulation

weight = torch.ones(3, requires_grad=True)
samples = torch.arange(12.0).reshape(4, 3)
(whole,) = torch.autograd.grad((samples @ weight).square().mean(), weight)
parts = torch.zeros(3)
for half in samples.split(2):
    loss = (half @ weight).square().mean()
    parts += torch.autograd.grad(loss, weight)[0]
findings = accumulation({"weight": whole}, {"weight": parts})
""", [("grad(loss, weight)", "grad(loss / 2, weight)")]),
    "RT205": ("""import torch
from trainlint import oracle_triple

truth = torch.tensor([1.0, 2.0, 3.0])
findings = oracle_triple(lambda guess: 1 + (guess - truth).square().mean(), truth, torch.zeros(3))
""", [("1 + (guess", "(guess")]),
    "RT209": ("""import torch
from trainlint import term_life

terms = {"error": (1e4, lambda guess: guess.square().sum()), "size": (1.0, lambda guess: guess.abs().sum())}
findings = term_life(terms, (torch.ones(4), 2 * torch.ones(4)))
""", [("(1e4, lambda", "(1.0, lambda")]),
    "RT210": ("""import torch
from trainlint import term_signs

truth = torch.ones(3)
terms = {"error": (-1.0, lambda guess: (guess - truth).square().mean())}
findings = term_signs(terms, torch.zeros(3), truth)
""", [("(-1.0, lambda", "(1.0, lambda")]),
    "RT217": ("""import torch
from torch import nn
from torch.nn import functional as F
from trainlint import preflight

torch.manual_seed(0)
x = torch.randn(16, 4)
y = x.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
tried = preflight(lambda net, batch: F.mse_loss(net(x), y), model, x, optimizer=optimizer, learn=50)
findings = tried.verdict.findings
""", [("lr=1e-5", "lr=1e-2")]),
    "RT218": ("""from trainlint.before.lossproof import effective

wanted = {"width": 64}
used = {"width": 32}
findings = effective(wanted, used)
""", [('{"width": 32}', "dict(wanted)")]),
    "RT304": ("""import torch
from trainlint.before.lossproof import degenerate_gradient

def term(matrix):
    return torch.linalg.eigh(matrix).eigenvectors[:, 0].sum()

findings = degenerate_gradient({"term": term}, {"equal eigenvalues": torch.eye(4)})
""", [("torch.linalg.eigh(matrix).eigenvectors[:, 0].sum()", "torch.linalg.cholesky(matrix).diagonal().log().sum()")]),
    "RT401": ("""import torch
from trainlint import overlap

def draw(seed):
    return torch.randn(5, generator=torch.Generator().manual_seed(seed))

train = [draw(seed) for seed in range(100, 130)]
validation = [draw(seed) for seed in range(120, 130)]
findings = overlap({"train": train, "validation": validation})
""", [("range(120, 130)", "range(130, 140)")]),
    "RT402": ("""import torch
from trainlint.before.contracts import same_data

train = [torch.ones(3), torch.zeros(3)]
test = [torch.ones(3)]
findings = same_data(train, test)
""", [("test = [torch.ones(3)]", "test = train")]),
    "RT403": ("""import torch
from trainlint import label_ranges

azimuth = torch.linspace(-60, 60, 20)
findings = label_ranges({"azimuth": azimuth}, {"azimuth": (-1.05, 1.05)})
""", [("torch.linspace(-60, 60, 20)", "torch.deg2rad(torch.linspace(-60, 60, 20))")]),
    "RT404": ("""import torch
from trainlint import fields_alive

batch = {"image": torch.randn(4, 6), "mask": torch.zeros(4, 6)}
findings = fields_alive(batch, wanted=("image", "mask"))
""", [("torch.zeros(4, 6)", "torch.arange(24.0).reshape(4, 6)")]),
    "RT405": ("""import torch
from trainlint.before.contracts import order_matters

def error(predicted, truth):
    return (predicted - truth).square().mean()

stream = torch.Generator().manual_seed(0)
truth = torch.randn(4, 3, 2, generator=stream)
findings = order_matters(error, truth + 0.01, truth, stream)
""", [("(predicted - truth).square().mean()", "torch.cdist(predicted, truth).min(dim=1).values.mean()")]),
    "RT406": ("""import torch
from trainlint.before.contracts import leak

stream = torch.Generator().manual_seed(0)
labels = torch.randn(32, 1, generator=stream)
features = torch.randn(32, 4, generator=stream)
inputs = torch.cat([features, 2 * labels], dim=1)
findings = leak(inputs, labels)
""", [("torch.cat([features, 2 * labels], dim=1)", "features")]),
    "RT408": ("""import torch
from trainlint.during.probes.feeding.batches import batch_findings

def batch(seed):
    return torch.randn(4, 3, generator=torch.Generator().manual_seed(seed))

findings = batch_findings([[batch(worker % 2) for worker in range(6)]])
""", [("worker % 2", "worker")]),
    "RT409": ("""import torch
from torch.utils.data import DataLoader, TensorDataset
from trainlint.during.probes.feeding.batches import batch_findings

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(64, 3)), batch_size=16)
findings = batch_findings([list(loader), list(loader)])
""", [("batch_size=16)", "batch_size=16, shuffle=True)")]),
    "RT410": ("""from torch import nn
from torch.optim import Adam
from trainlint.before.contracts import estimate, over_budget

model = nn.Linear(1000, 1000)
needed = estimate(model, Adam(model.parameters()), saved=0, staged=90_000_000)
findings = over_budget(needed, 100_000_000)
""", [("staged=90_000_000", "staged=0")]),
    "RT501": ("""from pathlib import Path
from tempfile import TemporaryDirectory
from trainlint import Ledger, diagnose_path

with TemporaryDirectory() as folder:
    ledger = Ledger(Path(folder) / "ledger.jsonl")
    for epoch in range(1, 9):
        ledger.write("epoch", epoch=epoch, train=1 / epoch, val=1.2 / epoch)
    ledger.let_go()  # as a kill would
    findings = diagnose_path(folder).findings
""", [("ledger.let_go()  # as a kill would", "ledger.close()")]),
    "RT502": ("""import torch
from torch import nn
from trainlint.after.audit import checkpoint

model, fresh = nn.Linear(3, 1), nn.Linear(3, 1)
state = {f"module.{name}": value for name, value in model.state_dict().items()}
findings = checkpoint(model, state, fresh, torch.ones(2, 3))
""", [('f"module.{name}"', "name")]),
    "RT503": ("""from trainlint.after.audit import rescore

best = 0.412  # of the averaged weights
again = 0.467  # of the weights in the file
findings = rescore(best, again)
""", [("again = 0.467  # of the weights in the file", "again = 0.412")]),
    "RT504": ("""from trainlint.after.audit import resume_state

state = {"model": {}, "optimizer": {}}
findings = resume_state(state)
""", [('"optimizer": {}', '"optimizer": {}, "scheduler": {}, "random": {}, "position": {}')]),
    "RT506": ("""from trainlint.after.audit import search

trials = [
    {"knobs": {"width": width}, "objective": 1 / width, "parameters": 10 * width, "reports": 0} for width in (16, 32)
]
findings = search(trials)
""", [('"reports": 0', '"reports": 5')]),
    "RT508": ("""from pathlib import Path
from tempfile import TemporaryDirectory
from trainlint import Ledger
from trainlint.ledger import same_run

with TemporaryDirectory() as folder:
    file = Path(folder) / "ledger.jsonl"
    Ledger(file, {"seed": 1}).close()
    findings = same_run(file, {"seed": 2})
""", [('file, {"seed": 2}', 'file, {"seed": 1}')]),
}  # fmt: skip
"""Code of a rule, a program that calls a check, and what mends what it finds."""

ALONE: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "RT237": ("""import torch
from torch import nn
from torch.nn import functional as F
from trainlint import Watch

torch.manual_seed(0)
net, s = nn.Linear(6, 1), nn.Parameter(torch.zeros(()))
optimizer = torch.optim.Adam([*net.parameters(), s], 1e-2)
watch = Watch(net, optimizer, raises=False)
for update in range(80):
    x = torch.randn(32, 6)
    error = F.mse_loss(net(x), x[:, :1] + torch.randn(32, 1))
    loss = torch.exp(-s) * error
    watch.loss(loss).backward()
    optimizer.step()
    optimizer.zero_grad()
verdict = watch.close()
""", [("torch.exp(-s) * error", "torch.exp(-s) * error + s")]),
    "RT334": ("""import torch
from torch import nn
from torch.nn import functional as F
from trainlint import Watch

torch.manual_seed(0)
net = nn.ModuleDict({"rnn": nn.GRU(3, 16), "head": nn.Linear(16, 2)})
optimizer = torch.optim.Adam(net.parameters(), 1e-3)
watch = Watch(net, optimizer, raises=False)
for update in range(12):
    x = torch.randn(24, 7, 3)
    states, _ = net["rnn"](x)
    loss = F.cross_entropy(net["head"](states[:, -1]), (x[:, 0, 0] > 0).long())
    watch.loss(loss).backward()
    optimizer.step()
    optimizer.zero_grad()
verdict = watch.close()
""", [("nn.GRU(3, 16)", "nn.GRU(3, 16, batch_first=True)")]),
    "RT333": ("""import torch
from torch import nn
from torch.nn import functional as F
from trainlint import Watch

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 8))
optimizer = torch.optim.Adam(net.parameters(), 1e-3)
watch = Watch(net, optimizer, raises=False)
for update in range(12):
    x = torch.randn(32, 8)
    first = x + 0.2 * torch.randn(32, 8)
    second = first
    z = F.normalize(torch.cat([net(first), net(second)]), dim=1)
    alike = (z @ z.T / 0.3).masked_fill(torch.eye(64, dtype=torch.bool), -9.0)
    watch.loss(F.cross_entropy(alike, torch.arange(64).roll(32))).backward()
    optimizer.step()
    optimizer.zero_grad()
verdict = watch.close()
""", [("second = first", "second = x + 0.2 * torch.randn(32, 8)")]),
    "RT235": ("""import torch
from torch import nn
from torch.nn import functional as F
from trainlint import Watch

torch.manual_seed(0)
maker, judge = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
players = {
    "maker": torch.optim.Adam(maker.parameters(), 1e-3),
    "judge": torch.optim.Adam(judge.parameters(), 1e-3),
}
watch = Watch(nn.ModuleDict({"maker": maker, "judge": judge}), players, raises=False)
yes, no = torch.ones(32, 1), torch.zeros(32, 1)
for update in range(40):
    fake = maker(torch.randn(32, 2))
    players["judge"].zero_grad()
    seen = F.binary_cross_entropy_with_logits(judge(torch.randn(32, 2) + 3), yes)
    loss = seen + F.binary_cross_entropy_with_logits(judge(fake.detach()), no)
    watch.loss(loss, name="judge").backward()
    players["judge"].step()
    players["maker"].zero_grad()
    loss = F.binary_cross_entropy_with_logits(judge(fake), no)
    watch.loss(loss, name="maker").backward()
    players["maker"].step()
verdict = watch.close()
""", [("(judge(fake), no)", "(judge(fake), yes)")]),
}  # fmt: skip
"""As `CALLED`, of programs that a watch judges and that share no loop with others."""
