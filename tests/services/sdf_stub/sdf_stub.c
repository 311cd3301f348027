/*
 * A cryptographic device for tests: the functions of GM/T 0018 that Yima calls, over libcrypto's arithmetic.
 *
 * Everything it knows lies in the folder that SDF_STUB_FOLDER names when the device is opened:
 *
 *   keys        made at first use: for each index 1..8 a signing key, an encryption key and a password
 *   fault       what goes wrong, one word a line; read at every call, so a test in another process can change it
 *   tries-N     how often a wrong password was given for key N; the fifth locks it
 *   opened      one byte for each SDF_OpenDevice
 *
 * Faults: flaky N (every device that is opened is lost after N signatures) · away · away-after N (the device opened now is lost after N signatures; one opened afterwards is not) ·
 * wrong (a signature with a bit changed) · ecdsa (ECDSA on the SM2 curve) · off-curve (a public key that is no point) ·
 * narrow (fields of 32 bytes, as before GM/T 0018) · hang (until the fault is gone) · vendor (a code of the maker's own) ·
 * swapped (the next index's key answers) · rightless (the right that was given is forgotten) · garbled (decrypts to another key)
 *
 * It watches its caller too. A session used by two threads at once, or in another process than it was opened in, a device or
 * session used after it was closed, and a device closed with sessions open are written to the file "misuse".
 */
#define _GNU_SOURCE
#define OPENSSL_API_COMPAT 10101
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/rand.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS 8
#define TRIES 5
#define SGD_SM4_ECB 0x00000401u
#define SGD_SM4_CBC 0x00000402u

enum {
    OK = 0,
    COMMFAIL = 0x01000003,
    PARDENY = 0x01000007,
    KEYNOTEXIST = 0x01000008,
    ALGNOTSUPPORT = 0x01000009,
    OPENDEVICE = 0x01000005,
    SIGNERR = 0x0100000D,
    KEYERR = 0x01000015,
    ENCDATAERR = 0x01000016,
    PRKRERR = 0x01000018,
    INARGERR = 0x0100001D,
    OUTARGERR = 0x0100001E,
    LOCKED = 0x01000021,       /* the maker's own, as real makers have them */
    VENDOR = 0x01010106,
    MISUSE = 0x010000FF /* the caller's fault */
};

typedef struct { unsigned bits; unsigned char x[64], y[64]; } PublicKey;
typedef struct { unsigned char r[64], s[64]; } Signature;
typedef struct { unsigned char x[64], y[64], M[32]; unsigned L; unsigned char C[16]; } Cipher;
typedef struct {
    unsigned char IssuerName[40], DeviceName[16], DeviceSerial[16];
    unsigned DeviceVersion, StandardVersion, AsymAlgAbility[2], SymAlgAbility, HashAlgAbility, BufferSize;
} Information;
typedef struct { char folder[400]; pid_t pid; atomic_long left; atomic_int lost, sessions, closed; } Device;
typedef struct { Device *device; atomic_flag busy; atomic_int closed; unsigned granted; } Session;
typedef struct { unsigned char key[16]; } SessionKey;
typedef struct { unsigned char sign[32], decrypt[32]; char password[64]; } Pair;

static EC_GROUP *group;

static void path_of(char *out, size_t size, const char *folder, const char *name) { snprintf(out, size, "%s/%s", folder, name); }

/* The number after a fault's word, 1 where it has none, -1 where the fault is not there. */
static long fault(const char *folder, const char *word) {
    char path[512], text[256];
    path_of(path, sizeof path, folder, "fault");
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        size_t n = strlen(word);
        if (strncmp(line, word, n) == 0 && (line[n] == 0 || line[n] == ' ')) return line[n] ? atol(line + n) : 1;
    }
    return -1;
}

static int misuse(const Device *device, const char *what) {
    char path[512];
    path_of(path, sizeof path, device->folder, "misuse");
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    dprintf(file, "%s\n", what);
    close(file);
    return MISUSE;
}

static void random_scalar(unsigned char out[32]) {
    BIGNUM *k = BN_new(), *limit = BN_new();
    BN_sub(limit, EC_GROUP_get0_order(group), BN_value_one());
    BN_sub_word(limit, 1);
    BN_rand_range(k, limit);
    BN_add_word(k, 1);
    BN_bn2binpad(k, out, 32);
    BN_free(k);
    BN_free(limit);
}

static int load_pair(const char *folder, unsigned index, Pair *pair) {
    char path[512];
    path_of(path, sizeof path, folder, "keys");
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || index < 1 || index > KEYS) {
        if (file >= 0) close(file);
        return -1;
    }
    flock(file, LOCK_EX);
    struct stat about;
    fstat(file, &about);
    if (about.st_size == 0) {
        for (unsigned i = 1; i <= KEYS; i++) {
            Pair fresh = {0};
            random_scalar(fresh.sign);
            random_scalar(fresh.decrypt);
            snprintf(fresh.password, sizeof fresh.password, "password-of-%u", i);
            if (write(file, &fresh, sizeof fresh) != sizeof fresh) abort();
        }
    }
    int good = pread(file, pair, sizeof *pair, (off_t)(index - 1) * (off_t)sizeof *pair) == sizeof *pair;
    close(file);
    return good ? 0 : -1;
}

/* What every call of a session goes through first. */
static int enter(Session *session) {
    if (session == NULL) return INARGERR;
    if (session->device->pid != getpid()) return misuse(session->device, "session of another process");
    if (atomic_load(&session->closed)) return misuse(session->device, "session used after it was closed");
    if (atomic_flag_test_and_set(&session->busy)) return misuse(session->device, "session used by two at once");
    const char *folder = session->device->folder;
    while (fault(folder, "hang") >= 0) usleep(2000);
    if (fault(folder, "away") >= 0 || atomic_load(&session->device->lost)) {
        atomic_store(&session->device->lost, 1);
        return COMMFAIL;
    }
    return fault(folder, "vendor") >= 0 ? VENDOR : OK;
}

static int leave(Session *session, int result) {
    if (result != MISUSE && session != NULL) atomic_flag_clear(&session->busy);
    return result;
}

#define ENTER(session)                                                                                                         \
    do {                                                                                                                       \
        int entered = enter(session);                                                                                          \
        if (entered != OK) return leave(session, entered);                                                                     \
    } while (0)

int SDF_OpenDevice(void **handle) {
    const char *folder = getenv("SDF_STUB_FOLDER");
    if (folder == NULL || handle == NULL) return OPENDEVICE;
    while (fault(folder, "hang") >= 0) usleep(2000);
    if (fault(folder, "away") >= 0) return OPENDEVICE;
    if (group == NULL) group = EC_GROUP_new_by_curve_name(NID_sm2);
    Device *device = calloc(1, sizeof *device);
    snprintf(device->folder, sizeof device->folder, "%s", folder);
    device->pid = getpid();
    long left = fault(folder, "away-after");
    char path[512];
    path_of(path, sizeof path, folder, "opened");
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat about;
    fstat(file, &about);
    /* Only the first device is lost: the one that is opened after it stays. */
    long flaky = fault(folder, "flaky");
    atomic_init(&device->left, flaky >= 0 ? flaky : left >= 0 && about.st_size == 0 ? left : -1);
    if (write(file, "x", 1) != 1) abort();
    close(file);
    *handle = device;
    return OK;
}

int SDF_CloseDevice(void *handle) {
    Device *device = handle; /* it is not freed, so that it can still be told when it is used */
    if (device->pid != getpid()) return misuse(device, "device of another process");
    if (atomic_exchange(&device->closed, 1)) return misuse(device, "device closed twice");
    if (atomic_load(&device->sessions) != 0) return misuse(device, "device closed with sessions open");
    return OK;
}

int SDF_OpenSession(void *handle, void **session) {
    Device *device = handle;
    if (device->pid != getpid()) return misuse(device, "device of another process");
    if (atomic_load(&device->closed)) return misuse(device, "device used after it was closed");
    if (fault(device->folder, "away") >= 0 || atomic_load(&device->lost)) return COMMFAIL;
    Session *made = calloc(1, sizeof *made);
    made->device = device;
    atomic_flag_clear(&made->busy);
    atomic_fetch_add(&device->sessions, 1);
    *session = made;
    return OK;
}

int SDF_CloseSession(void *handle) {
    Session *session = handle; /* not freed either */
    if (session->device->pid != getpid()) return misuse(session->device, "session of another process");
    if (atomic_exchange(&session->closed, 1)) return misuse(session->device, "session closed twice");
    atomic_fetch_sub(&session->device->sessions, 1);
    return OK;
}

int SDF_GetDeviceInfo(void *handle, Information *about) {
    Session *session = handle;
    ENTER(session);
    memset(about, 0, sizeof *about);
    memcpy(about->IssuerName, "Yima tests", 10);
    memset(about->DeviceName, 'S', sizeof about->DeviceName); /* no byte left for an end */
    memcpy(about->DeviceSerial, "2026113000100001", 16);
    about->DeviceVersion = 0x00010002;
    about->StandardVersion = 2;
    about->AsymAlgAbility[0] = 0x00020200 | 0x00020800;
    about->AsymAlgAbility[1] = 256;
    about->SymAlgAbility = SGD_SM4_ECB | SGD_SM4_CBC;
    about->HashAlgAbility = 1;
    return leave(session, OK);
}

int SDF_GetPrivateKeyAccessRight(void *handle, unsigned index, unsigned char *password, unsigned length) {
    Session *session = handle;
    ENTER(session);
    Pair pair;
    if (load_pair(session->device->folder, index, &pair) != 0) return leave(session, KEYNOTEXIST);
    char path[512], name[32];
    snprintf(name, sizeof name, "tries-%u", index);
    path_of(path, sizeof path, session->device->folder, name);
    struct stat about;
    long tries = stat(path, &about) == 0 ? about.st_size : 0;
    int result = OK;
    if (tries >= TRIES) {
        result = LOCKED;
    } else if (length != strlen(pair.password) || memcmp(password, pair.password, length) != 0) {
        int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (write(file, "x", 1) != 1) abort();
        close(file);
        result = PRKRERR;
    } else {
        session->granted |= 1u << index;
    }
    OPENSSL_cleanse(&pair, sizeof pair);
    return leave(session, result);
}

int SDF_ReleasePrivateKeyAccessRight(void *handle, unsigned index) {
    Session *session = handle;
    ENTER(session);
    session->granted &= ~(1u << index);
    return leave(session, OK);
}

static void coordinates(const EC_POINT *point, unsigned char x[32], unsigned char y[32]) {
    unsigned char octets[65];
    EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, octets, sizeof octets, NULL);
    memcpy(x, octets + 1, 32);
    memcpy(y, octets + 33, 32);
}

static int export(Session *session, unsigned index, int for_signing, PublicKey *out) {
    Pair pair;
    if (fault(session->device->folder, "swapped") >= 0) index = index % KEYS + 1;
    if (load_pair(session->device->folder, index, &pair) != 0) return KEYNOTEXIST;
    BIGNUM *d = BN_bin2bn(for_signing ? pair.sign : pair.decrypt, 32, NULL);
    EC_POINT *point = EC_POINT_new(group);
    EC_POINT_mul(group, point, d, NULL, NULL, NULL);
    memset(out, 0, sizeof *out);
    out->bits = 256;
    if (fault(session->device->folder, "narrow") >= 0)
        coordinates(point, out->x, out->x + 32);
    else
        coordinates(point, out->x + 32, out->y + 32);
    if (fault(session->device->folder, "off-curve") >= 0) out->y[63] ^= 1;
    EC_POINT_free(point);
    BN_clear_free(d);
    return OK;
}

int SDF_ExportSignPublicKey_ECC(void *handle, unsigned index, PublicKey *out) {
    Session *session = handle;
    ENTER(session);
    return leave(session, export(session, index, 1, out));
}

int SDF_ExportEncPublicKey_ECC(void *handle, unsigned index, PublicKey *out) {
    Session *session = handle;
    ENTER(session);
    return leave(session, export(session, index, 0, out));
}

/* GB/T 32918.2 §6.1 A3 to A6 over a digest; with the fault, ECDSA over the same. */
static int signature_over(const unsigned char digest[32], const unsigned char scalar[32], int ecdsa, Signature *out) {
    const BIGNUM *n = EC_GROUP_get0_order(group);
    BN_CTX *context = BN_CTX_secure_new();
    BN_CTX_start(context);
    BIGNUM *e = BN_CTX_get(context), *d = BN_CTX_get(context), *k = BN_CTX_get(context), *x = BN_CTX_get(context);
    BIGNUM *r = BN_CTX_get(context), *s = BN_CTX_get(context), *t = BN_CTX_get(context);
    EC_POINT *point = EC_POINT_new(group);
    BN_bin2bn(digest, 32, e);
    BN_bin2bn(scalar, 32, d);
    do {
        unsigned char bytes[32], y[32];
        random_scalar(bytes);
        BN_bin2bn(bytes, 32, k);
        EC_POINT_mul(group, point, k, NULL, NULL, context);
        coordinates(point, bytes, y);
        BN_bin2bn(bytes, 32, x);
        if (ecdsa) {
            BN_mod(r, x, n, context);
            BN_mod_mul(t, r, d, n, context);
            BN_mod_add(t, t, e, n, context);
            BN_mod_inverse(s, k, n, context);
            BN_mod_mul(s, s, t, n, context);
        } else {
            BN_mod_add(r, e, x, n, context);
            BN_mod_mul(t, r, d, n, context);
            BN_mod_sub(t, k, t, n, context);
            BN_copy(s, d);
            BN_add_word(s, 1);
            BN_mod_inverse(s, s, n, context);
            BN_mod_mul(s, s, t, n, context);
        }
        BN_mod_add(t, r, k, n, context);
    } while (BN_is_zero(r) || BN_is_zero(s) || BN_is_zero(t));
    memset(out, 0, sizeof *out);
    BN_bn2binpad(r, out->r + 32, 32);
    BN_bn2binpad(s, out->s + 32, 32);
    EC_POINT_free(point);
    BN_CTX_end(context);
    BN_CTX_free(context);
    return OK;
}

int SDF_InternalSign_ECC(void *handle, unsigned index, unsigned char *data, unsigned length, Signature *out) {
    Session *session = handle;
    ENTER(session);
    const char *folder = session->device->folder;
    Pair pair;
    if (load_pair(folder, index, &pair) != 0) return leave(session, KEYNOTEXIST);
    if (fault(folder, "rightless") >= 0) session->granted = 0;
    if (!(session->granted & 1u << index)) return leave(session, PARDENY);
    if (length != 32) return leave(session, INARGERR);
    if (atomic_load(&session->device->left) >= 0 && atomic_fetch_sub(&session->device->left, 1) <= 0) {
        atomic_store(&session->device->lost, 1);
        return leave(session, COMMFAIL);
    }
    if (fault(folder, "swapped") >= 0) load_pair(folder, index % KEYS + 1, &pair);
    int result = signature_over(data, pair.sign, fault(folder, "ecdsa") >= 0, out);
    if (fault(folder, "wrong") >= 0) out->s[63] ^= 1;
    if (fault(folder, "narrow") >= 0) {
        memcpy(out->r, out->r + 32, 32);
        memcpy(out->r + 32, out->s + 32, 32);
    }
    OPENSSL_cleanse(&pair, sizeof pair);
    return leave(session, result);
}

/* SM3(x ‖ y ‖ 1), of which a session key needs 16 bytes (GB/T 32918.4 §5.4.3). */
static void derive(const unsigned char x[32], const unsigned char y[32], unsigned char out[32]) {
    unsigned char input[68] = {0};
    memcpy(input, x, 32);
    memcpy(input + 32, y, 32);
    input[67] = 1;
    EVP_Digest(input, sizeof input, out, NULL, EVP_sm3(), NULL);
}

static void check_value(const unsigned char x[32], const unsigned char key[16], const unsigned char y[32], unsigned char out[32]) {
    unsigned char input[80];
    memcpy(input, x, 32);
    memcpy(input + 32, key, 16);
    memcpy(input + 48, y, 32);
    EVP_Digest(input, sizeof input, out, NULL, EVP_sm3(), NULL);
}

/* GB/T 32918.4 §6.1 of a fresh session key, to the encryption key of an index. */
int SDF_GenerateKeyWithIPK_ECC(void *handle, unsigned index, unsigned bits, Cipher *out, void **key) {
    Session *session = handle;
    ENTER(session);
    PublicKey public;
    int result = bits == 128 ? export(session, index, 0, &public) : INARGERR;
    if (result != OK) return leave(session, result);
    SessionKey *made = calloc(1, sizeof *made);
    RAND_bytes(made->key, sizeof made->key);
    unsigned char scalar[32], octets[65] = {4}, x[32], y[32], mask[32];
    random_scalar(scalar);
    memcpy(octets + 1, public.x + 32, 32);
    memcpy(octets + 33, public.y + 32, 32);
    BIGNUM *k = BN_bin2bn(scalar, 32, NULL);
    EC_POINT *point = EC_POINT_new(group);
    memset(out, 0, sizeof *out);
    EC_POINT_mul(group, point, k, NULL, NULL, NULL);
    coordinates(point, out->x + 32, out->y + 32);
    EC_POINT_oct2point(group, point, octets, sizeof octets, NULL);
    EC_POINT_mul(group, point, NULL, point, k, NULL);
    coordinates(point, x, y);
    derive(x, y, mask);
    check_value(x, made->key, y, out->M);
    out->L = sizeof made->key;
    for (unsigned i = 0; i < out->L; i++) out->C[i] = made->key[i] ^ mask[i];
    EC_POINT_free(point);
    BN_clear_free(k);
    *key = made;
    return leave(session, OK);
}

/* GB/T 32918.4 §7.1 */
int SDF_ImportKeyWithISK_ECC(void *handle, unsigned index, Cipher *given, void **key) {
    Session *session = handle;
    ENTER(session);
    const char *folder = session->device->folder;
    Pair pair;
    if (load_pair(folder, index, &pair) != 0) return leave(session, KEYNOTEXIST);
    if (!(session->granted & 1u << index)) return leave(session, PARDENY);
    if (given->L != 16) return leave(session, ENCDATAERR);
    unsigned char octets[65] = {4}, x[32], y[32], mask[32], check[32];
    memcpy(octets + 1, given->x + 32, 32);
    memcpy(octets + 33, given->y + 32, 32);
    BIGNUM *d = BN_bin2bn(pair.decrypt, 32, NULL);
    EC_POINT *point = EC_POINT_new(group);
    int result = ENCDATAERR;
    if (EC_POINT_oct2point(group, point, octets, sizeof octets, NULL) == 1) {
        EC_POINT_mul(group, point, NULL, point, d, NULL);
        coordinates(point, x, y);
        derive(x, y, mask);
        SessionKey *made = calloc(1, sizeof *made);
        for (unsigned i = 0; i < given->L; i++) made->key[i] = given->C[i] ^ mask[i];
        check_value(x, made->key, y, check);
        if (CRYPTO_memcmp(check, given->M, sizeof check) == 0) {
            if (fault(folder, "garbled") >= 0) made->key[0] ^= 1;
            *key = made;
            result = OK;
        } else {
            free(made);
        }
    }
    EC_POINT_free(point);
    BN_clear_free(d);
    OPENSSL_cleanse(&pair, sizeof pair);
    return leave(session, result);
}

int SDF_DestroyKey(void *handle, void *key) {
    Session *session = handle;
    ENTER(session);
    OPENSSL_cleanse(key, sizeof(SessionKey));
    free(key);
    return leave(session, OK);
}

static int cipher(void *handle, SessionKey *key, unsigned algorithm, unsigned char *iv, unsigned char *in, unsigned length,
                  unsigned char *out, unsigned *out_length, int encrypting) {
    Session *session = handle;
    ENTER(session);
    if (algorithm != SGD_SM4_CBC) return leave(session, ALGNOTSUPPORT);
    if (length == 0 || length % 16 != 0) return leave(session, INARGERR);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0, last = 0;
    EVP_CipherInit_ex(context, EVP_sm4_cbc(), NULL, key->key, iv, encrypting);
    EVP_CIPHER_CTX_set_padding(context, 0);
    int good = EVP_CipherUpdate(context, out, &done, in, (int)length) && EVP_CipherFinal_ex(context, out + done, &last);
    EVP_CIPHER_CTX_free(context);
    *out_length = (unsigned)(done + last);
    return leave(session, good ? OK : KEYERR);
}

int SDF_Encrypt(void *session, void *key, unsigned algorithm, unsigned char *iv, unsigned char *in, unsigned length,
                unsigned char *out, unsigned *out_length) {
    return cipher(session, key, algorithm, iv, in, length, out, out_length, 1);
}

int SDF_Decrypt(void *session, void *key, unsigned algorithm, unsigned char *iv, unsigned char *in, unsigned length,
                unsigned char *out, unsigned *out_length) {
    return cipher(session, key, algorithm, iv, in, length, out, out_length, 0);
}
