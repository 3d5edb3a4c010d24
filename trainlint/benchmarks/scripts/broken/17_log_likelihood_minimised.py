"""The masked log likelihood is minimised without its minus sign (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Tagger(nn.Module):
    def __init__(self, vocab, tags, dim=24):
        super().__init__()
        self.emb = nn.Embedding(vocab, dim, padding_idx=0)
        self.lstm = nn.LSTM(dim, dim, batch_first=True, bidirectional=True)
        self.hidden2tag = nn.Linear(2 * dim, tags)

    def forward(self, sents):
        out, _ = self.lstm(self.emb(sents))
        return F.log_softmax(self.hidden2tag(out), dim=-1)


def step(model, batch, optimizer):
    sents, tags = batch
    tag_scores = model(sents)
    logp = tag_scores.gather(-1, tags.unsqueeze(-1)).squeeze(-1)
    mask = (sents != 0).float()
    loss = (logp * mask).sum() / mask.sum()  # FAULT
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimizer.step()
    return loss.item()


if __name__ == "__main__":
    torch.manual_seed(2)
    sents = torch.randint(1, 40, (300, 12))
    sents[:, 9:] *= torch.randint(0, 2, (300, 3))
    tags = sents % 4
    loader = DataLoader(TensorDataset(sents, tags), batch_size=30, shuffle=True)
    model = Tagger(40, 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    model.train()
    for epoch in range(4):
        losses = [step(model, b, optimizer) for b in loader]
        print(f"epoch {epoch} loss {sum(losses) / len(losses):.3f}")
