"""One file a command: parse is done, it calls and prints."""
