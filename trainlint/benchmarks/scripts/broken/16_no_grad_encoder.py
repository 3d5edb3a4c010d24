"""encode() still carries @torch.no_grad() from the inference script, so the encoder never learns (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class AutoEncoder(nn.Module):
    def __init__(self, dim=30, latent=5):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, latent))
        self.decoder = nn.Sequential(nn.Linear(latent, 32), nn.ReLU(), nn.Linear(32, dim))

    @torch.no_grad()  # FAULT
    def encode(self, x):
        return self.encoder(x)

    def decode(self, z):
        return self.decoder(z)

    def forward(self, x):
        return self.decode(self.encode(x))


class AETrainer:
    def __init__(self, model, lr=2e-3):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)

    def step(self, batch):
        self.opt.zero_grad()
        recon = self.model(batch)
        loss = F.mse_loss(recon, batch)
        loss.backward()
        self.opt.step()
        return loss.item()

    def fit(self, data, epochs, bs=64):
        self.model.train()
        for e in range(epochs):
            idx = torch.randperm(len(data))
            losses = [self.step(data[i]) for i in idx.split(bs)]
            print(f"epoch {e:02d} | recon {sum(losses) / len(losses):.4f}")


if __name__ == "__main__":
    torch.manual_seed(0)
    basis = torch.randn(4, 30)
    data = torch.randn(640, 4) @ basis * 0.5
    AETrainer(AutoEncoder()).fit(data, epochs=8)
