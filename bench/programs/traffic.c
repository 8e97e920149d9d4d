/* The traffic of bench/parts/traffic.py over one TCP connection.
 *
 *   traffic serve PORT              counts what comes after 'b', echoes single bytes after 'l'
 *   traffic bulk HOST PORT MIB      prints bits a second, until the server says that it has all
 *   traffic pingpong HOST PORT N    prints the median seconds of N round trips of one byte
 */
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 20];

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static void undelayed(int fd)
{
	int one = 1;
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one))
		fail("TCP_NODELAY");
}

static void serve_one(int fd)
{
	char mode;
	long long left = 0;
	ssize_t got;

	undelayed(fd);
	if (read(fd, &mode, 1) != 1)
		return;
	if (mode == 'l') {
		while (read(fd, buffer, 1) == 1 && write(fd, buffer, 1) == 1)
			;
		return;
	}
	if (recv(fd, &left, sizeof left, MSG_WAITALL) != sizeof left)
		return;
	while (left > 0 && (got = read(fd, buffer, sizeof buffer)) > 0)
		left -= got;
	if (!left && write(fd, buffer, 1) == 1)
		read(fd, buffer, 1);
}

static void serve(const char *port)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(atoi(port))};
	int one = 1, door = socket(AF_INET6, SOCK_STREAM, 0);

	setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(door, (struct sockaddr *)&any, sizeof any) || listen(door, 8))
		fail("listen");
	for (;;) {
		int fd = accept(door, NULL, NULL);
		if (fd < 0)
			fail("accept");
		serve_one(fd);
		close(fd);
	}
}

static int dial(const char *host, const char *port, char mode)
{
	struct addrinfo hint = {.ai_socktype = SOCK_STREAM}, *found;
	int fd;

	if (getaddrinfo(host, port, &hint, &found))
		fail("getaddrinfo");
	fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (connect(fd, found->ai_addr, found->ai_addrlen))
		fail("connect");
	undelayed(fd);
	if (write(fd, &mode, 1) != 1)
		fail("write");
	return fd;
}

static void bulk(int fd, int mebibytes)
{
	long long total = (long long)mebibytes * sizeof buffer;
	double begun = now();
	int i;

	if (write(fd, &total, sizeof total) != sizeof total)
		fail("write");
	for (i = 0; i < mebibytes; i++)
		if (write(fd, buffer, sizeof buffer) != sizeof buffer)
			fail("write");
	if (read(fd, buffer, 1) != 1)
		fail("read");
	printf("%.0f\n", total * 8 / (now() - begun));
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void pingpong(int fd, int count)
{
	double *times = calloc(count, sizeof *times);
	int i;

	for (i = 0; i < count; i++) {
		double begun = now();
		if (write(fd, buffer, 1) != 1 || read(fd, buffer, 1) != 1)
			fail("pingpong");
		times[i] = now() - begun;
	}
	qsort(times, count, sizeof *times, ascending);
	printf("%.9f\n", times[count / 2]);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(argv[2]);
	if (argc != 5)
		return 2;
	if (!strcmp(argv[1], "bulk"))
		bulk(dial(argv[2], argv[3], 'b'), atoi(argv[4]));
	else
		pingpong(dial(argv[2], argv[3], 'l'), atoi(argv[4]));
	return 0;
}
