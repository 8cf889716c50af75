"""What is kept on disk: the edited file, emergency copies, the identity; never decides what to keep."""
