"""Hard feature selection with the straight-through Gumbel-softmax and annealed temperature."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(82)
D, KEEP = 12, 3
useful = torch.tensor([2, 5, 9])


def sample(n):
    x = torch.randn(n, D)
    a, b, c = x[:, useful].unbind(1)
    return x, a + 2 * b - c


logits = nn.Parameter(torch.zeros(KEEP, D))
head = nn.Linear(KEEP, 1)
opt = torch.optim.Adam([{"params": [logits], "lr": 0.05}, {"params": head.parameters(), "lr": 0.02}])
xt, yt = sample(400)


def error():
    with torch.no_grad():
        hard = F.one_hot(logits.argmax(1), D).float()
        return F.mse_loss(head(xt @ hard.t()).squeeze(1), yt).item()


before = error()
for step in range(300):
    tau = max(0.3, 2.0 * 0.99 ** step)
    x, y = sample(128)
    pick = F.gumbel_softmax(logits, tau=tau, hard=True)
    loss = F.mse_loss(head(x @ pick.t()).squeeze(1), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 50 == 0:
        print(f"step {step} loss {loss.item():.3f} picked {sorted(logits.argmax(1).tolist())}")
after = error()
assert after < 0.6 * before
print(f"OK {before:.3f} -> {after:.3f}")
