"""Several instances of the server that act as one; nothing in here may know a client's socket.

``cluster`` is one instance's view and what the rest of the server uses; ``redis_bus`` carries what the
instances tell each other. All but ``redis_bus`` and ``redis_link`` is pure.
"""
