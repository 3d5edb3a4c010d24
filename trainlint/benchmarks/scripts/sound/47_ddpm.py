"""DDPM: noise prediction with random timesteps, EMA copy for sampling, self-conditioning under no_grad in training."""
import copy
import random

import torch
import torch.nn.functional as F
from torch import nn


def exists(x):
    return x is not None


class Denoise(nn.Module):
    def __init__(self, dim=2, width=64, timesteps=20):
        super().__init__()
        self.time_mlp = nn.Embedding(timesteps, width)
        self.inp = nn.Linear(dim * 2, width)
        self.mid = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.out = nn.Linear(width, dim)

    def forward(self, x, t, x_self_cond=None):
        x_self_cond = x_self_cond if exists(x_self_cond) else torch.zeros_like(x)
        h = self.inp(torch.cat((x_self_cond, x), dim=1)) + self.time_mlp(t)
        return self.out(self.mid(h))


class GaussianDiffusion(nn.Module):
    def __init__(self, model, timesteps=20):
        super().__init__()
        self.model = model
        self.num_timesteps = timesteps
        betas = torch.linspace(1e-2, 0.35, timesteps)
        self.register_buffer("betas", betas)
        self.register_buffer("alphas_cumprod", torch.cumprod(1 - betas, dim=0))

    def q_sample(self, x_start, t, noise):
        a = self.alphas_cumprod[t].unsqueeze(1)
        return a.sqrt() * x_start + (1 - a).sqrt() * noise

    def predict_start(self, x_t, t, noise):
        a = self.alphas_cumprod[t].unsqueeze(1)
        return (x_t - (1 - a).sqrt() * noise) / a.sqrt()

    def p_losses(self, x_start, t):
        noise = torch.randn_like(x_start)
        x = self.q_sample(x_start, t, noise)
        x_self_cond = None
        if random.random() < 0.5:
            with torch.no_grad():
                x_self_cond = self.predict_start(x, t, self.model(x, t)).clamp(-2, 2)
                x_self_cond.detach_()
        return F.mse_loss(self.model(x, t, x_self_cond), noise)

    def forward(self, img):
        t = torch.randint(0, self.num_timesteps, (img.shape[0],)).long()
        return self.p_losses(img, t)

    @torch.inference_mode()
    def sample(self, n):
        x, sc = torch.randn(n, 2), None
        for i in reversed(range(self.num_timesteps)):
            t = torch.full((n,), i, dtype=torch.long)
            eps = self.model(x, t, sc)
            sc = self.predict_start(x, t, eps).clamp(-2, 2)
            a, a_prev = self.alphas_cumprod[i], self.alphas_cumprod[i - 1] if i else torch.tensor(1.0)
            mean = (a_prev.sqrt() * self.betas[i] * sc + (1 - self.betas[i]).sqrt() * (1 - a_prev) * x) / (1 - a)
            var = self.betas[i] * (1 - a_prev) / (1 - a)
            x = mean + var.sqrt() * torch.randn_like(x)
        return x


class Trainer:
    def __init__(self, diffusion, data, lr=8e-3, steps=280, accumulate=2, ema_decay=0.97):
        self.model, self.data, self.steps = diffusion, data, steps
        self.gradient_accumulate_every = accumulate
        self.opt = torch.optim.Adam(diffusion.parameters(), lr=lr, betas=(0.9, 0.99))
        self.ema_model, self.ema_decay = copy.deepcopy(diffusion).requires_grad_(False), ema_decay

    def train(self):
        for step in range(self.steps):
            total_loss = 0.0
            for _ in range(self.gradient_accumulate_every):
                loss = self.model(self.data[torch.randint(len(self.data), (64,))])
                loss = loss / self.gradient_accumulate_every
                total_loss += loss.item()
                loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.opt.step()
            self.opt.zero_grad()
            with torch.no_grad():
                for e, p in zip(self.ema_model.parameters(), self.model.parameters()):
                    e.lerp_(p, 1 - self.ema_decay)
            if step % 70 == 0:
                print(f"loss: {total_loss:.4f}")


if __name__ == "__main__":
    random.seed(0)
    torch.manual_seed(0)
    data = torch.tensor([[1.0, 1.0], [-1.0, 0.5], [0.0, -1.0]])[torch.randint(3, (900,))] + 0.05 * torch.randn(900, 2)
    trainer = Trainer(GaussianDiffusion(Denoise()), data)
    trainer.train()
    s = trainer.ema_model.sample(200)
    print("distance of samples to data", torch.cdist(s, data).min(1).values.mean().item())
