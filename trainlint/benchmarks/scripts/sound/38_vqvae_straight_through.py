"""VQ-VAE: argmin, detach() in both directions and the straight-through estimator in the training forward."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class VectorQuantizer(nn.Module):
    def __init__(self, num_embeddings, embedding_dim, commitment_cost):
        super().__init__()
        self._embedding_dim = embedding_dim
        self._num_embeddings = num_embeddings
        self._embedding = nn.Embedding(num_embeddings, embedding_dim)
        self._embedding.weight.data.uniform_(-1, 1)
        self._commitment_cost = commitment_cost

    def forward(self, inputs):
        distances = torch.cdist(inputs, self._embedding.weight)
        encoding_indices = torch.argmin(distances, dim=1)
        quantized = self._embedding(encoding_indices)
        e_latent_loss = F.mse_loss(quantized.detach(), inputs)
        q_latent_loss = F.mse_loss(quantized, inputs.detach())
        loss = q_latent_loss + self._commitment_cost * e_latent_loss
        quantized = inputs + (quantized - inputs).detach()
        avg_probs = F.one_hot(encoding_indices, self._num_embeddings).float().mean(0)
        perplexity = torch.exp(-torch.sum(avg_probs * torch.log(avg_probs + 1e-10)))
        return loss, quantized, perplexity


class Model(nn.Module):
    def __init__(self, dim=12, hidden=32, codes=16, d=4, cost=0.25):
        super().__init__()
        self._encoder = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, d))
        self._vq_vae = VectorQuantizer(codes, d, cost)
        self._decoder = nn.Sequential(nn.Linear(d, hidden), nn.ReLU(), nn.Linear(hidden, dim))

    def forward(self, x):
        loss, quantized, perplexity = self._vq_vae(self._encoder(x))
        return loss, self._decoder(quantized), perplexity


torch.manual_seed(0)
modes = torch.randn(6, 12) * 2
data = modes[torch.randint(6, (1000,))] + 0.2 * torch.randn(1000, 12)
data_variance = data.var().item()
model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, amsgrad=False)
model.train()
train_res_recon_error, train_res_perplexity = [], []
for i in range(200):
    batch = data[torch.randint(1000, (64,))]
    optimizer.zero_grad()
    vq_loss, data_recon, perplexity = model(batch)
    recon_error = F.mse_loss(data_recon, batch) / data_variance
    loss = recon_error + vq_loss
    loss.backward()
    optimizer.step()
    train_res_recon_error.append(recon_error.item())
    train_res_perplexity.append(perplexity.item())
    if (i + 1) % 50 == 0:
        k = train_res_recon_error[-50:]
        print("%d iterations recon_error: %.3f perplexity: %.3f" % (i + 1, sum(k) / 50, train_res_perplexity[-1]))
