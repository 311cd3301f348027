"""SM2 by the machine's libcrypto (OpenSSL 3 or later, or Tongsuo), called through ctypes."""
