"""Semi-supervised node classification with a graph convolutional network."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(64)
N, C = 120, 3
label = torch.arange(N) % C
same = label[:, None] == label[None, :]
prob = torch.where(same, 0.12, 0.015)
upper = torch.triu(torch.rand(N, N) < prob, 1).float()
adj = upper + upper.t() + torch.eye(N)
deg = adj.sum(1).rsqrt()
a_hat = (deg[:, None] * adj * deg[None, :]).to_sparse()
x = F.one_hot(label, C).float() + 1.2 * torch.randn(N, C)
order = torch.randperm(N)
train_idx, test_idx = order[:18], order[18:]


class GCN(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.w1 = nn.Linear(C, hidden, bias=False)
        self.w2 = nn.Linear(hidden, C, bias=False)

    def forward(self, x):
        h = F.relu(torch.sparse.mm(a_hat, self.w1(x)))
        h = F.dropout(h, 0.4, training=self.training)
        return torch.sparse.mm(a_hat, self.w2(h))


model = GCN()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5e-4)


def test():
    model.eval()
    with torch.no_grad():
        pred = model(x).argmax(1)
    return (pred[test_idx] == label[test_idx]).float().mean().item()


before = test()
for epoch in range(100):
    model.train()
    optimizer.zero_grad()
    out = model(x)
    loss = F.cross_entropy(out[train_idx], label[train_idx])
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        print(f"epoch {epoch} loss {loss.item():.3f} test {test():.3f}")
after = test()
assert after > 0.75 and after > before + 0.25
print(f"OK {before:.3f} -> {after:.3f}")
