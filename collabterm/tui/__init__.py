"""The screen: a Textual app around our own editor; must not import the network, the disk or the server."""
