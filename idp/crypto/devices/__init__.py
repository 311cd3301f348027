"""Keys that live in a cryptographic device, reached by the C interface of GM/T 0018 (SDF).

| module | what |
|---|---|
| ``reference`` | how such a key is named: ``sdf:LABEL#INDEX`` |
| ``results`` | what the standard's result codes mean |
| ``structures`` | its C structures |
| ``library`` | the maker's shared library, loaded by ctypes from where the operator says |
| ``session`` | one session, in a thread of its own, so that a call that never returns holds up nobody else for long |
| ``device`` | the device in this process: opened when it is first needed, its sessions shared, found again when it was lost |
| ``signer`` | a ``Signer`` over a key in it, which believes no signature before it has verified one |
| ``wrapping`` | 32 bytes kept so that only the device gives them back |

Knows no setting and no file: passwords come from a function. The standard's text was not read and no real device tried; what the
calls are taken from stands in ``docs/specs/sdf.md``.
"""
