"""What is kept on disk: the edited file, emergency copies, identity and token; never decides what to keep."""
