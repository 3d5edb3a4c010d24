from torch.utils.data import DataLoader, TensorDataset
import torch.nn as nn
import torch

class LSTMTagger(nn.Module):
    def __init__(self, vocab_size, tagset_size, embedding_dim=32, hidden_dim=64):
        super().__init__()
        self.word_embeddings = nn.Embedding(vocab_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, batch_first=True)
        self.hidden2tag = nn.Linear(hidden_dim, tagset_size)

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        lstm_out, _ = self.lstm(embeds)
        return self.hidden2tag(lstm_out)

model = LSTMTagger(300, 9)
loss_function = nn.NLLLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
words = torch.randint(0, 300, (400, 15))
dl = DataLoader(TensorDataset(words, words % 9), batch_size=20, shuffle=True)

for epoch in range(20):
    for sentence, tags in dl:
        model.zero_grad()
        tag_scores = model(sentence)
        loss = loss_function(tag_scores.view(-1, 9), tags.view(-1))  # FAULT
        loss.backward()
        optimizer.step()
    print("Epoch", epoch, "loss", loss.item())
