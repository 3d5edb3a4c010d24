"""Stochastic weight averaging: two schedules, the averaged model has its own batch-norm pass and is only evaluated."""
import torch
import torch.nn as nn
from torch.optim.swa_utils import SWALR, AveragedModel, update_bn

torch.manual_seed(0)
x = torch.randn(640, 10)
y = (x[:, 0] + x[:, 1] ** 2 > 0.8).long()
train_loader = torch.utils.data.DataLoader(
    torch.utils.data.TensorDataset(x[:512], y[:512]), batch_size=64, shuffle=True)
x_test, y_test = x[512:], y[512:]

model = nn.Sequential(nn.Linear(10, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
swa_model = AveragedModel(model)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
epochs, swa_start = 10, 6
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
swa_scheduler = SWALR(optimizer, swa_lr=0.05, anneal_epochs=2)
loss_fn = nn.CrossEntropyLoss()


def accuracy(net):
    training = net.training
    net.eval()
    with torch.no_grad():
        acc = (net(x_test).argmax(1) == y_test).float().mean().item()
    net.train(training)
    return acc


for epoch in range(epochs):
    model.train()
    for input, target in train_loader:
        optimizer.zero_grad()
        loss = loss_fn(model(input), target)
        loss.backward()
        optimizer.step()
    if epoch >= swa_start:
        swa_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    print(f"epoch {epoch} loss {loss.item():.3f} acc {accuracy(model):.3f} lr {optimizer.param_groups[0]['lr']:.4f}")

update_bn(train_loader, swa_model)
print("swa acc", accuracy(swa_model))
