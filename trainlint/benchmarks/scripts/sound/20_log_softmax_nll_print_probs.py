"""log_softmax with NLLLoss is right, and the softmax appears only in the printed probabilities."""
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(1)

data = [("me gusta comer en la cafeteria".split(), "SPANISH"),
        ("Give it to me".split(), "ENGLISH"),
        ("No creo que sea una buena idea".split(), "SPANISH"),
        ("No it is not a good idea to get lost at sea".split(), "ENGLISH")]
test_data = [("Yo creo que si".split(), "SPANISH"), ("it is lost on me".split(), "ENGLISH")]

word_to_ix = {}
for sent, _ in data + test_data:
    for word in sent:
        if word not in word_to_ix:
            word_to_ix[word] = len(word_to_ix)
VOCAB_SIZE = len(word_to_ix)
label_to_ix = {"SPANISH": 0, "ENGLISH": 1}


class BoWClassifier(nn.Module):
    def __init__(self, num_labels, vocab_size):
        super(BoWClassifier, self).__init__()
        self.linear = nn.Linear(vocab_size, num_labels)

    def forward(self, bow_vec):
        return F.log_softmax(self.linear(bow_vec), dim=1)


def make_bow_vector(sentence, word_to_ix):
    vec = torch.zeros(len(word_to_ix))
    for word in sentence:
        vec[word_to_ix[word]] += 1
    return vec.view(1, -1)


def make_target(label, label_to_ix):
    return torch.LongTensor([label_to_ix[label]])


model = BoWClassifier(2, VOCAB_SIZE)
loss_function = nn.NLLLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
with torch.no_grad():
    for instance, label in test_data:
        print("before", torch.exp(model(make_bow_vector(instance, word_to_ix))))
for epoch in range(60):
    for instance, label in data:
        model.zero_grad()
        log_probs = model(make_bow_vector(instance, word_to_ix))
        loss = loss_function(log_probs, make_target(label, label_to_ix))
        loss.backward()
        optimizer.step()
with torch.no_grad():
    for instance, label in test_data:
        scores = model.linear(make_bow_vector(instance, word_to_ix))
        probs = torch.softmax(scores, dim=-1)
        print("after", label, {k: round(probs[0, i].item(), 3) for k, i in label_to_ix.items()})
print("last loss", loss.item())
