import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(4)
GRAD_ACCUM = 4
spectra = torch.randn(200, 30)
classes = (spectra[:, :10].sum(1) > spectra[:, 10:20].sum(1)).long()
loader = DataLoader(TensorDataset(spectra, classes), batch_size=20, shuffle=True)

clf = nn.Sequential(nn.Linear(30, 40), nn.Tanh(), nn.Linear(40, 2))
opt = torch.optim.SGD(clf.parameters(), lr=0.2)
ce = nn.CrossEntropyLoss()

for epoch in range(12):
    opt.zero_grad()
    seen = 0.0
    for step, (s, c) in enumerate(loader):
        loss = ce(clf(s), c)
        seen += loss.item()
        (loss / GRAD_ACCUM).backward()
        if (step + 1) % GRAD_ACCUM == 0:
            opt.step()
            opt.zero_grad()
    print(f"epoch {epoch}: loss {seen / len(loader):.4f}")
