"""Perceptual loss: a frozen network observed by forward hooks; its features carry gradients to the generator."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class FeatureExtractor(nn.Module):
    def __init__(self, net, layers):
        super().__init__()
        self.net = net.eval()
        for p in self.net.parameters():
            p.requires_grad_(False)
        self.store = {}
        for name in layers:
            dict(self.net.named_modules())[name].register_forward_hook(self._save(name))

    def _save(self, name):
        def hook(module, args, output):
            self.store[name] = output
        return hook

    def forward(self, x):
        self.store.clear()
        self.net(x)
        return dict(self.store)


class PerceptualLoss(nn.Module):
    def __init__(self, extractor, weights):
        super().__init__()
        self.extractor, self.weights = extractor, weights

    def forward(self, pred, target):
        fp = self.extractor(pred)
        with torch.no_grad():
            ft = self.extractor(target)
        return sum(w * F.l1_loss(fp[k], ft[k]) for k, w in self.weights.items())


class Denoiser(nn.Module):
    def __init__(self, c=12):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, 1, 3, padding=1))

    def forward(self, x):
        return x - self.net(x)


def clean(n):
    u = torch.linspace(0, 3.14, 10)
    f = torch.rand(n, 1, 1) * 2 + 1
    return torch.sin(f * u[None, None, :] + u[None, :, None]).unsqueeze(1)


def main():
    torch.manual_seed(0)
    vgg = nn.Sequential()
    vgg.add_module("conv1", nn.Conv2d(1, 8, 3, padding=1))
    vgg.add_module("relu1", nn.ReLU())
    vgg.add_module("conv2", nn.Conv2d(8, 8, 3, padding=1))
    vgg.add_module("relu2", nn.ReLU())
    perceptual = PerceptualLoss(FeatureExtractor(vgg, ["relu1", "relu2"]), {"relu1": 1.0, "relu2": 0.5})
    model = Denoiser()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for it in range(81):
        model.train()
        y = clean(16)
        x = y + 0.3 * torch.randn_like(y)
        out = model(x)
        loss = F.mse_loss(out, y) + 0.1 * perceptual(out, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if it % 20 == 0:
            model.eval()
            with torch.no_grad():
                yt = clean(32)
                psnr = -10 * torch.log10(F.mse_loss(model(yt + 0.3 * torch.randn_like(yt)), yt))
            print(f"it {it} loss {loss.item():.4f} psnr {psnr:.2f} dB")


if __name__ == "__main__":
    main()
