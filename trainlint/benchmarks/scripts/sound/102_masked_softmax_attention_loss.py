import torch
from torch import nn
import torch.nn.functional as F


class Pointer(nn.Module):
    def __init__(self, d=32):
        super().__init__()
        self.emb, self.q, self.k = nn.Linear(5, d), nn.Linear(d, d), nn.Linear(d, d)

    def forward(self, x):
        h = torch.tanh(self.emb(x))
        weights = F.softmax(self.q(h) @ self.k(h).transpose(1, 2) / 5, dim=-1)
        context = weights @ h
        return (self.q(context[:, :1]) @ self.k(h).transpose(1, 2)).squeeze(1)


net = Pointer()
opt = torch.optim.Adam(net.parameters(), 1e-3)
for step in range(300):
    x = torch.randn(16, 7, 5)
    loss = F.cross_entropy(net(x), x[:, :, 0].argmax(1))
    opt.zero_grad()
    loss.backward()
    opt.step()
