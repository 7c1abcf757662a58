/* SPDX-License-Identifier: BSD-2-Clause */
#include "client.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

unsigned int client_stall_ms = 60000;

static void *serve(void *arg)
{
	struct client *c = arg;

	c->result = vu_session_serve(c->session);
	vu_session_part(c->session);
	return NULL;
}

struct client *client_new(const char *model, bool negotiate)
{
	struct client *c = calloc(1, sizeof(*c));
	struct ez_error error = { "" };
	int pair[2], control[2];

	assert_non_null(c);
	c->model = ez_model_open(model ? model : getenv("ERSATZ_MODEL"), &error);
	if (!c->model)
		fail_msg("%s", error.text);
	c->session = vu_session_new(c->model, "test", NULL, 0, page_new(), &error);
	if (!c->session)
		fail_msg("%s", error.text);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
	c->fd = pair[0];
	c->control = control[0];
	assert_int_equal(vu_session_attach(c->session, pair[1], control[1], client_stall_ms), 0);
	assert_int_equal(pthread_create(&c->thread, NULL, serve, c), 0);
	if (negotiate)
		assert_int_equal(client_version(c, NULL), 0);
	return c;
}

struct client *client_connect(const char *path)
{
	struct client *c = calloc(1, sizeof(*c));
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int i, err = -1;

	assert_non_null(c);
	assert_true(strlen(path) < sizeof(a.sun_path));
	strcpy(a.sun_path, path);
	c->control = -1;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (i = 0; i < 1000 && err; i++) {
		err = connect(c->fd, (struct sockaddr *)&a, sizeof(a));
		if (err)
			poll(NULL, 0, 10);
	}
	if (err)
		fail_msg("nobody listens at %s", path);
	return c;
}

int client_wait(struct client *c)
{
	pthread_join(c->thread, NULL);
	c->thread = 0;
	return c->result;
}

static void close_files(struct client *c)
{
	while (c->n_files)
		close(c->files[--c->n_files]);
}

int client_free(struct client *c)
{
	struct vu_page *page = c->session ? c->session->page : NULL;
	int result;

	close_files(c);
	if (c->fd >= 0)
		close(c->fd);
	if (c->thread)
		pthread_join(c->thread, NULL);
	result = c->result;
	vu_session_free(c->session);
	page_free(page);
	if (c->model)
		ez_model_close(c->model);
	if (c->control >= 0)
		close(c->control);
	free(c);
	return result;
}

void client_send_raw(struct client *c, const void *bytes, size_t size, const int *fds, size_t n_fds)
{
	char control[CMSG_SPACE(253 * sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *h = (struct cmsghdr *)control;

	if (n_fds) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(h), fds, n_fds * sizeof(int));
	}
	while (size) {
		ssize_t n = sendmsg(c->fd, &msg, MSG_NOSIGNAL);

		if (n < 0)
			return;
		size -= (size_t)n;
		iov.iov_base = (char *)iov.iov_base + n;
		iov.iov_len = size;
		msg.msg_control = NULL;
		msg.msg_controllen = 0;
	}
}

size_t client_message(struct client *c, uint8_t *buf, uint16_t command, uint32_t flags,
		      const void *payload, uint32_t length)
{
	struct vu_header header = { .id = ++c->id,
				    .command = command,
				    .flags = flags,
				    .size = (uint32_t)sizeof(header) + length };

	memcpy(buf, &header, sizeof(header));
	if (length)
		memcpy(buf + sizeof(header), payload, length);
	return header.size;
}

void client_send(struct client *c, uint16_t command, uint32_t flags, const void *payload,
		 uint32_t length, const int *fds, size_t n_fds)
{
	uint8_t *buf = malloc(sizeof(struct vu_header) + length);

	assert_non_null(buf);
	client_send_raw(c, buf, client_message(c, buf, command, flags, payload, length), fds,
			n_fds);
	free(buf);
}

static ssize_t receive(struct client *c, void *to, size_t size)
{
	char control[CMSG_SPACE(sizeof(c->files))] __attribute__((aligned(8)));
	struct iovec iov = { .iov_base = to, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(c->fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *h = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	assert_false(n > 0 && msg.msg_flags & MSG_CTRUNC);
	if (h) {
		assert_int_equal(c->n_files, 0);
		c->n_files = (unsigned int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(c->files, CMSG_DATA(h), c->n_files * sizeof(int));
	}
	return n;
}

static bool take(struct client *c, void *to, size_t size)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	ssize_t n;

	while (size) {
		if (poll(&p, 1, 60000) <= 0)
			fail_msg("the server says nothing");
		n = receive(c, to, size);
		if (n <= 0)
			return false;
		to = (char *)to + n;
		size -= (size_t)n;
	}
	return true;
}

bool client_receive(struct client *c)
{
	close_files(c);
	if (!take(c, &c->header, sizeof(c->header)))
		return false;
	c->length = c->header.size - (uint32_t)sizeof(c->header);
	assert_in_range(c->length, 0, sizeof(c->payload));
	return take(c, c->payload, c->length);
}

int client_call(struct client *c, uint16_t command, const void *payload, uint32_t length,
		const int *fds, size_t n_fds)
{
	client_send(c, command, 0, payload, length, fds, n_fds);
	if (!client_receive(c))
		return ECONNRESET;
	assert_int_equal(c->header.id, c->id);
	assert_int_equal(c->header.command, command);
	assert_int_equal(c->header.flags & VU_FLAG_TYPE, VU_FLAG_REPLY);
	if (!(c->header.flags & VU_FLAG_ERROR))
		return 0;
	assert_int_equal(c->length, 0);
	assert_int_not_equal(c->header.error, 0);
	return (int)c->header.error;
}

int client_version(struct client *c, const char *json)
{
	char buf[512] = { 0 };

	if (!json)
		json = "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,"
		       "\"write_multiple\":true,\"migration\":{\"pgsize\":4096}}}";
	memcpy(buf + 4, json, strlen(json) + 1);
	return client_call(c, VU_VERSION, buf, (uint32_t)strlen(json) + 5, NULL, 0);
}

uint64_t client_read(struct client *c, uint32_t region, uint64_t offset, uint32_t width)
{
	struct vu_access a = { .offset = offset, .region = region, .count = width };
	uint64_t value = 0;

	assert_int_equal(client_call(c, VU_REGION_READ, &a, sizeof(a), NULL, 0), 0);
	assert_int_equal(c->length, sizeof(a) + width);
	memcpy(&value, c->payload + sizeof(a), width);
	return value;
}

void client_write(struct client *c, uint32_t region, uint64_t offset, uint32_t width,
		  uint64_t value)
{
	struct {
		struct vu_access a;
		uint64_t value;
	} w = { { .offset = offset, .region = region, .count = width }, value };

	assert_int_equal(client_call(c, VU_REGION_WRITE, &w, sizeof(w.a) + width, NULL, 0), 0);
	assert_int_equal(c->length, sizeof(w.a));
}

int client_set_irqs(struct client *c, uint32_t flags, uint32_t index, uint32_t start,
		    uint32_t count, const int *fds, size_t n_fds)
{
	struct vu_irq_set set = {
		.argsz = sizeof(set), .flags = flags, .index = index, .start = start, .count = count
	};

	return client_call(c, VU_SET_IRQS, &set, sizeof(set), fds, n_fds);
}

int client_map(struct client *c, uint64_t address, uint64_t size, uint64_t offset, uint32_t flags,
	       int fd)
{
	struct vu_dma_map map = { .argsz = sizeof(map),
				  .flags = flags,
				  .offset = offset,
				  .address = address,
				  .size = size };

	return client_call(c, VU_DMA_MAP, &map, sizeof(map), &fd, fd >= 0 ? 1 : 0);
}

int client_unmap(struct client *c, uint64_t address, uint64_t size, uint32_t flags)
{
	struct vu_dma_unmap u = {
		.argsz = sizeof(u), .flags = flags, .address = address, .size = size
	};

	return client_call(c, VU_DMA_UNMAP, &u, sizeof(u), NULL, 0);
}

int event_new(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

uint64_t event_count(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&p, 1, ms) > 0 && read(fd, &count, sizeof(count)) == sizeof(count))
		return count;
	return 0;
}

unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

bool peer_path(const char *name, char *ret_path, size_t size)
{
	const char *script = getenv("PEERS");
	char command[512];
	bool good;
	FILE *f;

	snprintf(command, sizeof(command), "'%s' path %s", script ? script : "scripts/peers", name);
	f = popen(command, "re");
	assert_non_null(f);
	good = fgets(ret_path, (int)size, f);
	if (pclose(f) || !good)
		return false;
	ret_path[strcspn(ret_path, "\n")] = '\0';
	return true;
}
