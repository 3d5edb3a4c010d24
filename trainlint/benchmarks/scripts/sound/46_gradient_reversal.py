"""DANN: a custom autograd.Function that negates the gradient, a reversal strength that grows from zero."""
import math

import torch
import torch.nn as nn
from torch.autograd import Function


class ReverseLayerF(Function):
    @staticmethod
    def forward(ctx, x, alpha):
        ctx.alpha = alpha
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.neg() * ctx.alpha, None


class DANN(nn.Module):
    def __init__(self):
        super().__init__()
        self.feature = nn.Sequential(nn.Linear(4, 32), nn.ReLU())
        self.class_classifier = nn.Sequential(nn.Linear(32, 2), nn.LogSoftmax(dim=1))
        self.domain_classifier = nn.Sequential(nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 2), nn.LogSoftmax(dim=1))

    def forward(self, x, alpha):
        f = self.feature(x)
        return self.class_classifier(f), self.domain_classifier(ReverseLayerF.apply(f, alpha))


def domain(n, shift):
    x = torch.randn(n, 4)
    y = (x[:, 0] + x[:, 1] > 0).long()
    x[:, 2] += shift
    return torch.utils.data.TensorDataset(x, y)


torch.manual_seed(0)
source = torch.utils.data.DataLoader(domain(400, -1.5), batch_size=40, shuffle=True)
target = torch.utils.data.DataLoader(domain(400, 1.5), batch_size=40, shuffle=True)
net = DANN()
optimizer = torch.optim.Adam(net.parameters(), lr=5e-3)
loss_class, loss_domain = nn.NLLLoss(), nn.NLLLoss()
n_epoch = 6
for epoch in range(n_epoch):
    net.train()
    len_dataloader = min(len(source), len(target))
    for i, ((s_img, s_label), (t_img, _)) in enumerate(zip(source, target)):
        p = float(i + epoch * len_dataloader) / n_epoch / len_dataloader
        alpha = 2.0 / (1.0 + math.exp(-10 * p)) - 1
        net.zero_grad()
        class_output, domain_output = net(s_img, alpha)
        err_s_label = loss_class(class_output, s_label)
        err_s_domain = loss_domain(domain_output, torch.zeros(len(s_img)).long())
        _, domain_output = net(t_img, alpha)
        err_t_domain = loss_domain(domain_output, torch.ones(len(t_img)).long())
        err = err_t_domain + err_s_domain + err_s_label
        err.backward()
        optimizer.step()
    net.eval()
    with torch.no_grad():
        acc = sum((net(x, 0)[0].argmax(1) == y).sum().item() for x, y in target) / 400
    print(f"epoch {epoch}: s_label {err_s_label.item():.3f} domain {err_t_domain.item():.3f} target acc {acc:.3f}")
