"""The network edge: signaling and peer links; must not import the screen, the disk or the server."""
