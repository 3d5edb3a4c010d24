"""The GradScaler's update() is never called after its step() (marked FAULT)."""
import torch
import torch.nn as nn

device = "cuda" if torch.cuda.is_available() else "cpu"
use_amp = True
amp_dtype = torch.float16 if device == "cuda" else torch.bfloat16


class MLPMixerLayer(nn.Module):
    def __init__(self, tokens, dim):
        super().__init__()
        self.n1, self.n2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.token_mix = nn.Linear(tokens, tokens)
        self.channel_mix = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x):
        x = x + self.token_mix(self.n1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel_mix(self.n2(x))


class Mixer(nn.Module):
    def __init__(self, tokens=8, dim=16, classes=3):
        super().__init__()
        self.layers = nn.Sequential(MLPMixerLayer(tokens, dim), MLPMixerLayer(tokens, dim))
        self.head = nn.Linear(dim, classes)

    def forward(self, x):
        return self.head(self.layers(x).mean(1))


def train_epoch(model, loader, criterion, optimizer, scaler):
    model.train()
    total_loss = 0.0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device_type=device, dtype=amp_dtype, enabled=use_amp):
            loss = criterion(model(x), y)
        scaler.scale(loss).backward()
        scaler.step(optimizer)  # FAULT
        total_loss += loss.item() * len(y)
    return total_loss / len(loader.dataset)


torch.manual_seed(0)
y = torch.randint(0, 3, (300,))
x = torch.randn(300, 8, 16) + 0.4 * y[:, None, None]
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=50, shuffle=True)
model = Mixer().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
scaler = torch.amp.GradScaler(device, enabled=use_amp and device == "cuda")
for epoch in range(5):
    print(epoch, f"{train_epoch(model, loader, criterion, optimizer, scaler):.4f}")
