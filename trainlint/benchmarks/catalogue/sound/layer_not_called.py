import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(277)


class GraphConv(nn.Module):
    def __init__(self, d_in, d_hidden, n_cls):
        super().__init__()
        self.lin1 = nn.Linear(d_in, d_hidden)
        self.lin2 = nn.Linear(d_hidden, d_hidden)
        self.norm = nn.LayerNorm(d_hidden)
        self.readout = nn.Linear(d_hidden, n_cls)

    def forward(self, x, adj):
        h = F.relu(adj @ self.lin1(x))
        h = F.relu(adj @ self.lin2(h))
        return self.readout(self.norm(h))


n = 120
cls = torch.arange(n) % 3
same = cls[:, None] == cls[None]
edges = (torch.rand(n, n) < torch.where(same, 0.25, 0.03)).float() + torch.eye(n)
adj = edges / edges.sum(1, keepdim=True)
feats = torch.randn(n, 8) + F.one_hot(cls, 8).float()
train_mask = torch.rand(n) < 0.6
gnn = GraphConv(8, 24, 3)
optimizer = torch.optim.Adam(gnn.parameters(), lr=1e-2, weight_decay=5e-4)
for epoch in range(80):
    gnn.train()
    optimizer.zero_grad()
    out = gnn(feats, adj)
    loss = F.cross_entropy(out[train_mask], cls[train_mask])
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        gnn.eval()
        with torch.no_grad():
            acc = (gnn(feats, adj).argmax(1) == cls)[~train_mask].float().mean()
        print(f"epoch {epoch}: loss {loss:.4f} test acc {acc:.3f}")
