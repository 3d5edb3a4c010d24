import torch
import torch.nn.functional as F

torch.manual_seed(8)


class Recommender(torch.nn.Module):
    def __init__(self, users, items, k=8):
        super().__init__()
        self.u = torch.nn.Embedding(users, k)
        self.i = torch.nn.Embedding(items, k)
        torch.nn.init.normal_(self.u.weight, std=0.3)
        torch.nn.init.normal_(self.i.weight, std=0.3)

    def forward(self, users, items):
        return (self.u(users) * self.i(items)).sum(-1)


true_u, true_i = torch.randn(60, 3), torch.randn(40, 3)
users, items = torch.randint(0, 60, (2400,)), torch.randint(0, 40, (2400,))
rating = (true_u[users] * true_i[items]).sum(-1)
rec = Recommender(60, 40)
optim = torch.optim.Adam(rec.parameters(), lr=0.02)
ACCUM, BATCH = 4, 50
n_batches = 2400 // BATCH
for epoch in range(8):
    shuffled = torch.randperm(2400)
    epoch_loss = 0.0
    optim.zero_grad()
    for b in range(n_batches):
        rows = shuffled[b * BATCH : (b + 1) * BATCH]
        loss = F.mse_loss(rec(users[rows], items[rows]), rating[rows])
        (loss / ACCUM).backward()
        epoch_loss += loss.item()
        if (b + 1) % ACCUM == 0:
            optim.step()
            optim.zero_grad()
    print(f"epoch {epoch + 1:02d} train loss {epoch_loss / n_batches:.4f}")
