"""The KL weight of a text VAE is zero in the first updates by design (annealing) and rises to its full value."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


def kl_anneal_function(anneal_function, step, k, x0):
    if anneal_function == "logistic":
        return float(1 / (1 + math.exp(-k * (step - x0))))
    if anneal_function == "linear":
        return min(1.0, step / x0)
    raise ValueError(anneal_function)


class SentenceVAE(nn.Module):
    def __init__(self, vocab=15, emb=16, hid=32, z=6, word_dropout=0.2):
        super().__init__()
        self.embedding = nn.Embedding(vocab, emb)
        self.encoder_rnn = nn.GRU(emb, hid, batch_first=True)
        self.hidden2mean = nn.Linear(hid, z)
        self.hidden2logv = nn.Linear(hid, z)
        self.latent2hidden = nn.Linear(z, hid)
        self.decoder_rnn = nn.GRU(emb, hid, batch_first=True)
        self.outputs2vocab = nn.Linear(hid, vocab)
        self.word_dropout = word_dropout

    def forward(self, seq):
        _, h = self.encoder_rnn(self.embedding(seq))
        mean, logv = self.hidden2mean(h[-1]), self.hidden2logv(h[-1])
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * logv) if self.training else mean
        dec_in = torch.cat([torch.zeros_like(seq[:, :1]), seq[:, :-1]], 1)
        if self.training and self.word_dropout > 0:
            dec_in = dec_in.masked_fill(torch.rand(dec_in.shape) < self.word_dropout, 0)
        out, _ = self.decoder_rnn(self.embedding(dec_in), self.latent2hidden(z).unsqueeze(0))
        return F.log_softmax(self.outputs2vocab(out), dim=-1), mean, logv, z


NLL = nn.NLLLoss(reduction="sum")


def loss_fn(logp, target, mean, logv, step, k=0.1, x0=60):
    nll = NLL(logp.view(-1, logp.size(2)), target.view(-1))
    kl = -0.5 * torch.sum(1 + logv - mean.pow(2) - logv.exp())
    return nll, kl, kl_anneal_function("linear", step, k, x0)


torch.manual_seed(0)
start = torch.randint(1, 15, (500, 1))
seqs = (start + torch.arange(8) * torch.randint(1, 3, (500, 1)) - 1) % 14 + 1
loader = DataLoader(TensorDataset(seqs), batch_size=50, shuffle=True)
model = SentenceVAE()
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
step = 0
for epoch in range(8):
    model.train()
    for (batch,) in loader:
        batch_size = batch.size(0)
        logp, mean, logv, z = model(batch)
        nll, kl, weight = loss_fn(logp, batch, mean, logv, step)
        loss = (nll + weight * kl) / batch_size
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
    print(f"epoch {epoch} ELBO loss {loss.item():.3f} nll {nll.item() / batch_size:.3f} kl weight {weight:.2f}")
