import torch
import torch.nn as nn
import torch.nn.functional as F


def conv_block(i, o):
    return nn.Sequential(nn.Conv1d(i, o, 5, padding=2), nn.BatchNorm1d(o), nn.ReLU(inplace=True), nn.MaxPool1d(2))


class SignalNet(nn.Module):
    def __init__(self, classes=6):
        super().__init__()
        self.features = nn.Sequential(conv_block(3, 16), conv_block(16, 32), conv_block(32, 64))
        self.classifier = nn.Linear(64, classes)

    def forward(self, x):
        z = self.features(x).mean(-1)
        probs = torch.softmax(self.classifier(z), dim=-1)
        return probs


def step(model, opt, batch):
    x, y = batch
    opt.zero_grad()
    p = model(x)
    loss = F.cross_entropy(p, y, label_smoothing=0.1)  # FAULT
    loss.backward()
    opt.step()
    return loss.item(), (p.argmax(1) == y).float().mean().item()


if __name__ == "__main__":
    model = SignalNet()
    opt = torch.optim.RAdam(model.parameters(), lr=2e-3)
    ds = torch.utils.data.TensorDataset(torch.randn(900, 3, 64), torch.randint(0, 6, (900,)))
    for epoch in range(3):
        stats = [step(model, opt, b) for b in torch.utils.data.DataLoader(ds, 30, shuffle=True)]
        print(epoch, [sum(s) / len(s) for s in zip(*stats)])
