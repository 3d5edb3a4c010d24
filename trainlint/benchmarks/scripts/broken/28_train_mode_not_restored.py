"""train() is called once before the epochs, validation switches to eval and nobody switches back (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout=0.5):
        super().__init__()
        self.w1 = nn.Linear(nfeat, nhid)
        self.w2 = nn.Linear(nhid, nclass)
        self.dropout = dropout

    def forward(self, x, adj):
        x = F.relu(adj @ self.w1(x))
        x = F.dropout(x, self.dropout, training=self.training)
        return F.log_softmax(adj @ self.w2(x), dim=1)


def graph(n=120, classes=3):
    labels = torch.randint(0, classes, (n,))
    prob = torch.where(labels[:, None] == labels[None], 0.15, 0.01)
    a = torch.bernoulli(prob).triu(1)
    a = a + a.t() + torch.eye(n)
    d = a.sum(1).rsqrt()
    return F.one_hot(labels, classes).float() + torch.randn(n, classes), d[:, None] * a * d[None], labels


torch.manual_seed(42)
features, adj, labels = graph()
idx_train, idx_val = torch.arange(0, 80), torch.arange(80, 120)
model = GCN(3, 16, 3)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, weight_decay=5e-4)


def validate():
    model.eval()
    with torch.no_grad():
        output = model(features, adj)
        return (output[idx_val].argmax(1) == labels[idx_val]).float().mean().item()


model.train()  # FAULT
for epoch in range(40):
    optimizer.zero_grad()
    output = model(features, adj)
    loss_train = F.nll_loss(output[idx_train], labels[idx_train])
    loss_train.backward()
    optimizer.step()
    acc_val = validate()
    if epoch % 10 == 9:
        print("Epoch: {:04d} loss_train: {:.4f} acc_val: {:.4f}".format(epoch + 1, loss_train.item(), acc_val))
