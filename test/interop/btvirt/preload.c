/*
 * Lets BlueZ's btvirt run beside others of its kind, on any kernel.
 *
 * Its sockets go to the folder that BTVIRT_FOLDER names, not to /tmp, and it has the two ciphers that it wants of AF_ALG,
 * ecb(aes) and cmac(aes), whether the kernel has them or not. Built and loaded by server.ts:
 *
 *     gcc -O2 -shared -fPIC -o preload.so preload.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define FAMILY_ALG 38
#define LEVEL_ALG 279
#define OPTION_KEY 1
#define BLOCK 16
#define MOST_INPUT 4096
#define MOST_SOCKETS 1024

/* Calls the function that this one hides. */
#define HIDDEN(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* ---- AES-128, FIPS 197 ---- */

static uint8_t substitutes[256];

static uint8_t doubled(uint8_t x)
{
	return (uint8_t)(x << 1) ^ (x & 0x80 ? 0x1b : 0);
}

static uint8_t product(uint8_t a, uint8_t b)
{
	uint8_t sum = 0;

	for (; b; b >>= 1, a = doubled(a))
		if (b & 1)
			sum ^= a;
	return sum;
}

/* Each is the inverse in the field, x to the 254th, through an affine map. */
static void make_substitutes(void)
{
	for (int x = 0; x < 256; x++) {
		uint8_t inverse = 1;
		uint8_t mapped;

		for (int i = 0; i < 254; i++)
			inverse = product(inverse, (uint8_t)x);
		mapped = inverse;
		for (int turn = 1; turn <= 4; turn++)
			mapped ^= (uint8_t)(inverse << turn | inverse >> (8 - turn));
		substitutes[x] = mapped ^ 0x63;
	}
}

static void next_round_key(uint8_t key[BLOCK], uint8_t constant)
{
	static const int turned[4] = { 13, 14, 15, 12 };

	for (int i = 0; i < 4; i++)
		key[i] ^= substitutes[key[turned[i]]];
	key[0] ^= constant;
	for (int i = 4; i < BLOCK; i++)
		key[i] ^= key[i - 4];
}

static void mix_column(uint8_t column[4])
{
	uint8_t all = column[0] ^ column[1] ^ column[2] ^ column[3];
	uint8_t first = column[0];

	for (int i = 0; i < 4; i++)
		column[i] ^= all ^ doubled(column[i] ^ (i < 3 ? column[i + 1] : first));
}

static void add(uint8_t block[BLOCK], const uint8_t other[BLOCK])
{
	for (int i = 0; i < BLOCK; i++)
		block[i] ^= other[i];
}

static void encrypt(const uint8_t key[BLOCK], uint8_t block[BLOCK])
{
	uint8_t round_key[BLOCK];
	uint8_t shifted[BLOCK];
	uint8_t constant = 1;

	if (!substitutes[0])
		make_substitutes();
	memcpy(round_key, key, BLOCK);
	add(block, round_key);
	for (int round = 1; round <= 10; round++) {
		for (int i = 0; i < BLOCK; i++)
			shifted[i] = substitutes[block[(i + 4 * (i % 4)) % BLOCK]];
		memcpy(block, shifted, BLOCK);
		for (int i = 0; i < BLOCK && round < 10; i += 4)
			mix_column(block + i);
		next_round_key(round_key, constant);
		constant = doubled(constant);
		add(block, round_key);
	}
}

/* ---- AES-CMAC, RFC 4493 ---- */

static void double_block(uint8_t block[BLOCK])
{
	uint8_t carry = block[0] & 0x80 ? 0x87 : 0;

	for (int i = 0; i < BLOCK; i++)
		block[i] = (uint8_t)(block[i] << 1) | (i < BLOCK - 1 ? block[i + 1] >> 7 : 0);
	block[BLOCK - 1] ^= carry;
}

static void authenticate(const uint8_t key[BLOCK], const uint8_t *text, size_t size, uint8_t mac[BLOCK])
{
	uint8_t subkey[BLOCK] = { 0 };
	uint8_t last[BLOCK] = { 0 };
	size_t before = size > 0 ? (size - 1) / BLOCK * BLOCK : 0;
	int whole = size > 0 && size - before == BLOCK;

	encrypt(key, subkey);
	double_block(subkey);
	if (!whole)
		double_block(subkey);
	memset(mac, 0, BLOCK);
	for (size_t at = 0; at < before; at += BLOCK) {
		add(mac, text + at);
		encrypt(key, mac);
	}
	memcpy(last, text + before, size - before);
	if (!whole)
		last[size - before] = 0x80;
	add(mac, last);
	add(mac, subkey);
	encrypt(key, mac);
}

/* ---- Sockets of AF_ALG: one has the key, and those accepted from it take a text and give the result ---- */

struct cipher {
	int is_mac;
	uint8_t key[BLOCK];
	uint8_t input[MOST_INPUT];
	size_t held;
};

static struct cipher *ciphers[MOST_SOCKETS];

static struct cipher *cipher_of(int fd)
{
	return fd >= 0 && fd < MOST_SOCKETS ? ciphers[fd] : NULL;
}

/* A descriptor that is good for nothing but its number. */
static int new_cipher(const struct cipher *like)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd < 0 || fd >= MOST_SOCKETS)
		return -1;
	ciphers[fd] = calloc(1, sizeof(struct cipher));
	if (like) {
		*ciphers[fd] = *like;
		ciphers[fd]->held = 0;
	}
	return fd;
}

static ssize_t hold(struct cipher *cipher, const void *octets, size_t size)
{
	if (size > MOST_INPUT - cipher->held) {
		errno = EMSGSIZE;
		return -1;
	}
	memcpy(cipher->input + cipher->held, octets, size);
	cipher->held += size;
	return (ssize_t)size;
}

static ssize_t give(struct cipher *cipher, void *octets, size_t size)
{
	uint8_t mac[BLOCK];
	const uint8_t *result = cipher->input;
	size_t length = cipher->held / BLOCK * BLOCK;

	if (cipher->is_mac) {
		authenticate(cipher->key, cipher->input, cipher->held, mac);
		result = mac;
		length = BLOCK;
	} else {
		for (size_t at = 0; at < length; at += BLOCK)
			encrypt(cipher->key, cipher->input + at);
	}
	cipher->held = 0;
	if (length > size)
		length = size;
	memcpy(octets, result, length);
	return (ssize_t)length;
}

int socket(int domain, int type, int protocol)
{
	return domain == FAMILY_ALG ? new_cipher(NULL) : HIDDEN(socket)(domain, type, protocol);
}

/* Where a socket of btvirt's goes. */
static int moved(const char *path, struct sockaddr_un *to)
{
	const char *folder = getenv("BTVIRT_FOLDER");

	if (!folder || strncmp(path, "/tmp/bt-server-", 15) != 0)
		return 0;
	to->sun_family = AF_UNIX;
	return snprintf(to->sun_path, sizeof(to->sun_path), "%s/%s", folder, path + 15) < (int)sizeof(to->sun_path);
}

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
	struct cipher *cipher = cipher_of(fd);
	struct sockaddr_un to = { 0 };

	if (cipher) {
		cipher->is_mac = strncmp((const char *)address + 2, "hash", 4) == 0;
		return 0;
	}
	if (address->sa_family == AF_UNIX && moved(((const struct sockaddr_un *)address)->sun_path, &to))
		return HIDDEN(bind)(fd, (const struct sockaddr *)&to, sizeof(to));
	return HIDDEN(bind)(fd, address, size);
}

int unlink(const char *path)
{
	struct sockaddr_un to = { 0 };

	return HIDDEN(unlink)(moved(path, &to) ? to.sun_path : path);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size)
{
	struct cipher *cipher = cipher_of(fd);

	if (!cipher)
		return HIDDEN(setsockopt)(fd, level, option, value, size);
	if (level != LEVEL_ALG || option != OPTION_KEY || size != BLOCK) {
		errno = EINVAL;
		return -1;
	}
	memcpy(cipher->key, value, BLOCK);
	return 0;
}

int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict size)
{
	struct cipher *cipher = cipher_of(fd);

	return cipher ? new_cipher(cipher) : HIDDEN(accept)(fd, address, size);
}

int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict size, int flags)
{
	struct cipher *cipher = cipher_of(fd);

	return cipher ? new_cipher(cipher) : HIDDEN(accept4)(fd, address, size, flags);
}

ssize_t send(int fd, const void *octets, size_t size, int flags)
{
	struct cipher *cipher = cipher_of(fd);

	return cipher ? hold(cipher, octets, size) : HIDDEN(send)(fd, octets, size, flags);
}

ssize_t write(int fd, const void *octets, size_t size)
{
	struct cipher *cipher = cipher_of(fd);

	return cipher ? hold(cipher, octets, size) : HIDDEN(write)(fd, octets, size);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	struct cipher *cipher = cipher_of(fd);
	ssize_t sum = 0;

	if (!cipher)
		return HIDDEN(sendmsg)(fd, message, flags);
	for (size_t i = 0; i < message->msg_iovlen; i++) {
		ssize_t taken = hold(cipher, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);

		if (taken < 0)
			return -1;
		sum += taken;
	}
	return sum;
}

ssize_t read(int fd, void *octets, size_t size)
{
	struct cipher *cipher = cipher_of(fd);

	return cipher ? give(cipher, octets, size) : HIDDEN(read)(fd, octets, size);
}

ssize_t recv(int fd, void *octets, size_t size, int flags)
{
	struct cipher *cipher = cipher_of(fd);

	return cipher ? give(cipher, octets, size) : HIDDEN(recv)(fd, octets, size, flags);
}

int close(int fd)
{
	if (cipher_of(fd)) {
		free(ciphers[fd]);
		ciphers[fd] = NULL;
	}
	return HIDDEN(close)(fd);
}
