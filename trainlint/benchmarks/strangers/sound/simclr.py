"""SimCLR: contrastive learning with NT-Xent and a nearest-neighbour probe."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(8)
K, DIM, NUISANCE = 6, 8, 24
mix = torch.randn(DIM + NUISANCE, 32) / 4
prototypes = torch.randn(K, DIM) * 1.2


def sample(n):
    label = torch.randint(K, (n,))
    return prototypes[label] + 0.3 * torch.randn(n, DIM), label


def view(content):
    """The same content under fresh nuisance factors and noise."""
    nuisance = 2.0 * torch.randn(len(content), NUISANCE)
    return torch.cat([content + 0.2 * torch.randn_like(content), nuisance], 1) @ mix


def nt_xent(z1, z2, tau=0.3):
    z = F.normalize(torch.cat([z1, z2]), dim=1)
    sim = z @ z.t() / tau
    sim.fill_diagonal_(float("-inf"))
    n = len(z1)
    pos = torch.cat([torch.arange(n, 2 * n), torch.arange(n)])
    return F.cross_entropy(sim, pos)


encoder = nn.Sequential(nn.Linear(32, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 32))
projector = nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 16))
bank_c, bank_y = sample(300)
query_c, query_y = sample(300)
bank_x, query_x = view(bank_c), view(query_c)


def knn_accuracy():
    encoder.eval()
    with torch.no_grad():
        a, b = F.normalize(encoder(query_x), dim=1), F.normalize(encoder(bank_x), dim=1)
        votes = bank_y[(a @ b.t()).topk(7, dim=1).indices]
    encoder.train()
    return (votes.mode(1).values == query_y).float().mean().item()


params = list(encoder.parameters()) + list(projector.parameters())
optimizer = torch.optim.Adam(params, lr=3e-3, weight_decay=1e-5)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 250)
before = knn_accuracy()
for step in range(250):
    content, _ = sample(96)
    v1, v2 = view(content), view(content)
    z1, z2 = projector(encoder(v1)), projector(encoder(v2))
    loss = nt_xent(z1, z2)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    if step % 50 == 0:
        print(f"step {step} loss {loss.item():.3f} knn {knn_accuracy():.3f}")

after = knn_accuracy()
assert after > before + 0.2
print(f"OK {before:.3f} -> {after:.3f}")
