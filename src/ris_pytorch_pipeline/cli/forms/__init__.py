"""What else can a command do? A bench of a suite, scenes as shards, the page of a demo."""
