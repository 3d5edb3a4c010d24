from functools import partial
import torch
import torch.nn.functional as F
from torch import nn


class GraphNet(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout=0.5):
        super().__init__()
        self.w1 = nn.Linear(nfeat, nhid)
        self.w2 = nn.Linear(nhid, nclass)
        self.p = dropout

    def forward(self, x, adj):
        drop = partial(F.dropout, p=self.p, training=self.training)
        h = F.relu(adj @ self.w1(drop(x)))
        return F.log_softmax(adj @ self.w2(drop(h)), dim=1)


def normalise(adj):
    adj = adj + torch.eye(len(adj))
    d = adj.sum(1).pow(-0.5)
    return d[:, None] * adj * d[None]


torch.manual_seed(0)
n = 200
labels = torch.arange(n) % 4
adj = normalise(((torch.rand(n, n) < 0.02) | ((labels[:, None] == labels) & (torch.rand(n, n) < 0.1))).float())
x = torch.randn(n, 16)
idx_train, idx_val = torch.arange(0, 100), torch.arange(100, 200)
model = GraphNet(16, 32, 4)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)
for epoch in range(200):
    model.train()
    optimizer.zero_grad()
    output = model(x, adj)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()
    model.eval()
    with torch.no_grad():
        output = model(x, adj)
    acc = (output[idx_val].argmax(1) == labels[idx_val]).float().mean()
    if epoch % 50 == 0:
        print(epoch, loss_train.item(), acc.item())
