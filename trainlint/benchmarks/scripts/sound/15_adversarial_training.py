"""PGD training and robust evaluation: the evaluation needs gradients of the input and runs without no_grad."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable


def pgd_attack(model, x, y, eps=0.3, alpha=0.1, steps=4):
    was_training = model.training
    model.eval()
    x_adv = x.detach() + torch.empty_like(x).uniform_(-eps, eps)
    for _ in range(steps):
        x_adv.requires_grad_()
        with torch.enable_grad():
            loss = F.cross_entropy(model(x_adv), y)
        grad = torch.autograd.grad(loss, [x_adv])[0]
        x_adv = x_adv.detach() + alpha * torch.sign(grad.detach())
        x_adv = torch.min(torch.max(x_adv, x - eps), x + eps)
    model.train(was_training)
    return Variable(x_adv, requires_grad=False)


def trades_loss(model, x, y, beta=1.0):
    x_adv = pgd_attack(model, x, y)
    logits = model(x)
    loss_natural = F.cross_entropy(logits, y)
    loss_robust = F.kl_div(
        F.log_softmax(model(x_adv), dim=1), F.softmax(logits, dim=1), reduction="batchmean")
    return loss_natural + beta * loss_robust


def train(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = trades_loss(model, x, y)
        loss.backward()
        optimizer.step()
    return loss.item()


def eval_adv_test_whitebox(model, loader):
    model.eval()
    natural = robust = total = 0
    for x, y in loader:
        x_adv = pgd_attack(model, x, y)
        natural += (model(x).argmax(1) == y).sum().item()
        robust += (model(x_adv).argmax(1) == y).sum().item()
        total += len(y)
    return natural / total, robust / total


if __name__ == "__main__":
    torch.manual_seed(0)
    y = torch.randint(3, (400,))
    x = torch.randn(3, 10)[y] * 0.8 + 0.7 * torch.randn(400, 10)
    train_dl = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x[:300], y[:300]), batch_size=50, shuffle=True)
    test_dl = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x[300:], y[300:]), batch_size=50)
    model = nn.Sequential(nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=2e-4)
    for epoch in range(4):
        loss = train(model, train_dl, optimizer)
        print(f"epoch {epoch} loss {loss:.3f} natural/robust", eval_adv_test_whitebox(model, test_dl))
