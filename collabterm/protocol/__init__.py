"""What is said: to the signaling server, and between peers. Bytes in, values out; nothing here does I/O.

The wire between peers on one page, in the notation of y-protocols (``.`` joins, ``|`` chooses,
``varUint`` is lib0's: 7 bits a byte, least significant first, at most 53 bits;
``varBytes = varUint(length) . bytes``)::

    channel "collaboration" (negotiated, id 0, ordered, reliable)
    channel "presence"      (negotiated, id 1, unordered, never retransmitted)

    frame      = flags(1 byte) . part            at most 16 KiB; presence frames are always FIRST|LAST
    flags      = FIRST 1 | LAST 2 | DEFLATED 4   DEFLATED: the parts joined are one zlib stream
    payload    = the parts of the frames from FIRST to LAST, joined and inflated
               = message . message . ...

    message    = sync | awareness | query | hello | ping | pong | digest
    sync       = 0 . ( 0 . varBytes(state vector)          sync step 1: what I have
                     | 1 . varBytes(update)                sync step 2: what you lack
                     | 2 . varBytes(update) )              update: what I just did
    awareness  = 1 . varBytes( varUint(n) . n * ( varUint(client) . varUint(clock) . varBytes(JSON) ) )
    query      = 3                                         ask for all awareness states
    hello      = 64 . varUint(version) . varUint(client)   first on "collaboration", in both directions
    ping       = 65 . varUint(nonce)
    pong       = 66 . varUint(nonce)
    digest     = 67 . varBytes(state vector) . varBytes(16-byte text hash)

Types 0, 1 and 3 are those of y-protocols and y-websocket, so a Yjs program can take part once it
frames its messages like this and says hello. Updates commute and are idempotent: the same update
may come over both channels, in any order, any number of times.
"""
