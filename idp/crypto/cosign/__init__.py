"""Co-signing: an SM2 signature that a phone and the server make together, while the private key exists nowhere.

The key is d with 1 + d = (d1·d2)⁻¹ modulo n; the phone has d1, the server d2. Two messages make a signature:

    phone → server   Q1 = [w1]G, with a proof that the phone knows d1 and w1
    server → phone   r = e + x([w2]G + [d2⁻¹]Q1),  s1 = d2·(r + w2)
    phone            s = d1·(s1 + w1) - r

What comes out is an ordinary signature of GB/T 32918.2 under P = [(d1·d2)⁻¹]G - G. Owns the transcripts and proofs, the server's
side of making a key, answering and refreshing, and the strict reading of what the phone sends. The phone's side is the program in
``phone/``. Knows no transaction, no counter and no time: whoever calls it sees to it that each answer is given once.
Curve work goes through the engine; see ``docs/specs/co-signing.md`` for the attacks that each step is there against.
"""
