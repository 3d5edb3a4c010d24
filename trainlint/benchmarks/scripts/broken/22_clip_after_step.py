"""The gradients are clipped after the optimiser has already used them (marked FAULT)."""
import torch
import torch.nn as nn
import torch.nn.functional as F


class LanguageModel(nn.Module):
    def __init__(self, ntoken, ninp=24, nhid=32):
        super().__init__()
        self.encoder = nn.Embedding(ntoken, ninp)
        self.rnn = nn.LSTM(ninp, nhid)
        self.decoder = nn.Linear(nhid, ntoken)
        self.ntoken = ntoken

    def forward(self, inp, hidden):
        output, hidden = self.rnn(self.encoder(inp), hidden)
        return self.decoder(output).view(-1, self.ntoken), hidden

    def init_hidden(self, bsz):
        w = next(self.parameters())
        return w.new_zeros(1, bsz, 32), w.new_zeros(1, bsz, 32)


def repackage_hidden(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(repackage_hidden(v) for v in h)


def batchify(data, bsz):
    nbatch = data.size(0) // bsz
    return data.narrow(0, 0, nbatch * bsz).view(bsz, -1).t().contiguous()


def train(model, train_data, optimizer, bptt=20, clip=0.25):
    model.train()
    hidden = model.init_hidden(train_data.size(1))
    total, n = 0.0, 0
    for i in range(0, train_data.size(0) - 1, bptt):
        seq_len = min(bptt, train_data.size(0) - 1 - i)
        data, targets = train_data[i:i + seq_len], train_data[i + 1:i + 1 + seq_len].view(-1)
        optimizer.zero_grad()
        hidden = repackage_hidden(hidden)
        output, hidden = model(data, hidden)
        loss = F.cross_entropy(output, targets)
        loss.backward()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)  # FAULT
        total += loss.item()
        n += 1
    return total / n


if __name__ == "__main__":
    torch.manual_seed(1111)
    corpus = (torch.arange(4000) * 3 // 2) % 11
    data = batchify(corpus, 10)
    model = LanguageModel(11)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    for epoch in range(1, 5):
        print("| end of epoch", epoch, "| train loss %.3f" % train(model, data, optimizer))
