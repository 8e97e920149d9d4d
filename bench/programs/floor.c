/* The smallest number of netlink messages that make a network, from one thread of a C program: one
 * for each veth (both ends named and placed, the near one up, and in its bridge if there is one),
 * and what a node needs else in one datagram (lo and its links up, addresses, routes). Every
 * acknowledgement is read and checked. Each bridge lives in a netns of its own with IPv6 off, and
 * is brought up last. Timed from the program's first line, its sandbox and the reading of the
 * network included, to the last acknowledgement.
 *
 * Usage: floor FILE [FIRST LAST CHECK-COMMAND...]
 * The file is what shapes/text.py writes, and tells its lines. With a command, it is run in two
 * nodes after the timing, with the node's name appended. Prints one line of JSON; seconds and KiB.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As in shapes/text.py, which chooses all other numbers. */
enum { LO = 1, ETH0 = 64, BRIDGE = 64 };
/* Acknowledgements that are taken at once. */
enum { MOST_ACKS = 8, ACK_SIZE = 1024 };
/* Messages of one datagram, so that their acknowledgements fit into the socket's buffer. */
enum { MOST_MESSAGES = 64 };
enum { NAME_SIZE = 64 };
/* Files looked at through one mount of proc. */
enum { MOST_LOOKS = 100 };

struct batch {
    char bytes[1 << 14];
    uint32_t length;
    uint32_t first, count; /* sequence numbers first .. first + count - 1 */
    struct nlmsghdr *message;
};

/* What lines are read into, where each netns has its socket, and which of them have a bridge. */
struct floor {
    int *sockets;
    int count, room;
    int *bridges;
    int bridge_count;
    struct batch batch;
};

static uint32_t sequence;

static void fail(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "floor: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, ": %s\n", strerror(error));
    va_end(arguments);
    exit(1);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void clear(struct batch *batch)
{
    batch->length = batch->first = batch->count = 0;
    batch->message = NULL;
}

static void *append(struct batch *batch, const void *data, uint32_t length)
{
    char *place = batch->bytes + batch->length;
    uint32_t padded = NLMSG_ALIGN(length);
    if (batch->length + padded > sizeof batch->bytes) {
        errno = EMSGSIZE;
        fail("batch");
    }
    memset(place, 0, padded);
    if (data)
        memcpy(place, data, length);
    batch->length += padded;
    if (batch->message)
        batch->message->nlmsg_len += padded;
    return place;
}

static void begin(
    struct batch *batch, uint16_t type, uint16_t flags, const void *body, uint32_t length)
{
    struct nlmsghdr header = {
        .nlmsg_type = type,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
        .nlmsg_seq = ++sequence,
    };
    if (!batch->count++)
        batch->first = sequence;
    batch->message = NULL;
    struct nlmsghdr *message = append(batch, &header, sizeof header);
    message->nlmsg_len = sizeof header;
    batch->message = message;
    append(batch, body, length);
}

static struct rtattr *attribute(
    struct batch *batch, uint16_t type, const void *data, uint32_t length)
{
    struct rtattr header = {.rta_len = (uint16_t)(RTA_LENGTH(0) + length), .rta_type = type};
    struct rtattr *place = append(batch, &header, sizeof header);
    append(batch, data, length);
    return place;
}

static void text(struct batch *batch, uint16_t type, const char *value)
{
    attribute(batch, type, value, (uint32_t)strlen(value) + 1);
}

static void word(struct batch *batch, uint16_t type, uint32_t value)
{
    attribute(batch, type, &value, sizeof value);
}

static struct rtattr *nest(struct batch *batch, uint16_t type)
{
    return attribute(batch, type | NLA_F_NESTED, NULL, 0);
}

static void end_nest(struct batch *batch, struct rtattr *nested)
{
    nested->rta_len = (uint16_t)(batch->bytes + batch->length - (char *)nested);
}

static void set_up(struct batch *batch, int ifindex)
{
    struct ifinfomsg link = {.ifi_index = ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    begin(batch, RTM_NEWLINK, 0, &link, sizeof link);
}

static void check_ack(
    const struct batch *batch, const char *bytes, uint32_t length, const char *what)
{
    const struct nlmsghdr *header = (const struct nlmsghdr *)bytes;
    const struct nlmsgerr *answer = NLMSG_DATA(header);
    if (!NLMSG_OK(header, length) || header->nlmsg_type != NLMSG_ERROR
        || header->nlmsg_seq - batch->first >= batch->count) {
        errno = EPROTO;
        fail("%s", what);
    }
    if (answer->error) {
        errno = -answer->error;
        fail("%s: message %u", what, header->nlmsg_seq - batch->first);
    }
}

/* Send the batch as one datagram and read an acknowledgement for each of its messages. */
static void exchange(int netlink, struct batch *batch, const char *what)
{
    static char buffers[MOST_ACKS][ACK_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct iovec vectors[MOST_ACKS];
    struct mmsghdr messages[MOST_ACKS] = {0};
    if (send(netlink, batch->bytes, batch->length, 0) != (ssize_t)batch->length)
        fail("%s: send", what);
    for (uint32_t left = batch->count; left;) {
        for (int i = 0; i < MOST_ACKS; i++) {
            vectors[i] = (struct iovec){.iov_base = buffers[i], .iov_len = ACK_SIZE};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        unsigned want = left < MOST_ACKS ? left : MOST_ACKS;
        int got = recvmmsg(netlink, messages, want, MSG_WAITFORONE, NULL);
        if (got <= 0)
            fail("%s: receive", what);
        for (int i = 0; i < got; i++)
            check_ack(batch, buffers[i], messages[i].msg_len, what);
        left -= (uint32_t)got;
    }
    clear(batch);
}

static int mount_apart(const char *kind)
{
    int context = (int)syscall(SYS_fsopen, kind, 1), mounted = -1;
    if (context < 0)
        return -1;
    if (!syscall(SYS_fsconfig, context, 6, NULL, NULL, 0)) /* FSCONFIG_CMD_CREATE */
        mounted = (int)syscall(SYS_fsmount, context, 1, 0);
    close(context);
    return mounted;
}

/* Where /proc/sys is to be looked at. What one mount of proc has shown of a file's namesakes in
 * other netns stands in one row, which is walked at every look: so each mount shows few. */
static int proc(void)
{
    static int root = -1, looks;
    if (looks++ % MOST_LOOKS == 0) {
        if (root >= 0)
            close(root);
        if ((root = mount_apart("proc")) < 0)
            root = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    }
    return root;
}

static void write_file(const char *path, const char *content, int required)
{
    int file = openat(proc(), path, O_WRONLY | O_CLOEXEC);
    if (file < 0 && !required && errno == ENOENT)
        return;
    if (file < 0 || write(file, content, strlen(content)) != (ssize_t)strlen(content))
        fail("%s", path);
    close(file);
}

static void enter_sandbox(void)
{
    unsigned user = geteuid(), group = getegid();
    char map[64];
    if (unshare(CLONE_NEWNS | (user ? CLONE_NEWUSER : 0)))
        fail("unshare");
    if (user) {
        write_file("self/setgroups", "deny", 0);
        snprintf(map, sizeof map, "0 %u 1", user);
        write_file("self/uid_map", map, 1);
        snprintf(map, sizeof map, "0 %u 1", group);
        write_file("self/gid_map", map, 1);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        fail("making / private");
    if (mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") || mkdir("/run/netns", 0755))
        fail("/run");
}

/* Enter a new netns, give it a name, and open its netlink socket. */
static int enter_netns(const char *name)
{
    char path[NAME_SIZE];
    snprintf(path, sizeof path, "/run/netns/%s", name);
    if (unshare(CLONE_NEWNET))
        fail("unshare netns %s", name);
    int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (file < 0 || close(file) || mount("/proc/self/ns/net", path, NULL, MS_BIND, NULL))
        fail("%s", path);
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink < 0)
        fail("netlink socket in %s", name);
    return netlink;
}

static void enter(struct floor *floor, const char *name)
{
    if (floor->count == floor->room) {
        floor->room = floor->room ? 2 * floor->room : 1024;
        floor->sockets = realloc(floor->sockets, sizeof *floor->sockets * (size_t)floor->room);
        floor->bridges = realloc(floor->bridges, sizeof *floor->bridges * (size_t)floor->room);
        if (!floor->sockets || !floor->bridges)
            fail("memory");
    }
    floor->sockets[floor->count++] = enter_netns(name);
}

static void make_bridge(struct floor *floor, const char *name)
{
    struct batch *batch = &floor->batch;
    struct ifinfomsg link = {.ifi_index = BRIDGE};
    enter(floor, name);
    write_file("sys/net/ipv6/conf/default/disable_ipv6", "1", 0);
    write_file("sys/net/ipv6/conf/all/disable_ipv6", "1", 0);
    begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    text(batch, IFLA_IFNAME, "br0");
    /* One of its own: else the bridge would look through its ports for the lowest. */
    unsigned char mac[6] = {2, 0, 0, 0, (unsigned char)(floor->count >> 8), (unsigned char)floor->count};
    attribute(batch, IFLA_ADDRESS, mac, sizeof mac);
    struct rtattr *info = nest(batch, IFLA_LINKINFO);
    text(batch, IFLA_INFO_KIND, "bridge");
    end_nest(batch, info);
    floor->bridges[floor->bridge_count++] = floor->sockets[floor->count - 1];
    exchange(floor->sockets[floor->count - 1], batch, name);
}

static void let_forward(void)
{
    write_file("sys/net/ipv4/ip_forward", "1", 1);
    write_file("sys/net/ipv6/conf/all/forwarding", "1", 0);
}

/* What a veth uses anyway: else the kernel makes one for each CPU, then takes the others out of use,
 * and waits until all CPUs know. */
static void one_queue(struct batch *batch)
{
    word(batch, IFLA_NUM_TX_QUEUES, 1);
    word(batch, IFLA_NUM_RX_QUEUES, 1);
}

/* The caller is in the far end's netns: IFLA_NET_NS_PID names it without a descriptor. */
static void make_veth(
    struct floor *floor, int near, int ifindex, const char *name, uint32_t master, int far)
{
    struct batch *batch = &floor->batch;
    char ifname[IFNAMSIZ];
    struct ifinfomsg link = {.ifi_index = ifindex, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct ifinfomsg peer = {.ifi_index = ETH0 + far};
    snprintf(ifname, sizeof ifname, "eth%d", far);
    begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    text(batch, IFLA_IFNAME, name);
    if (master)
        word(batch, IFLA_MASTER, master);
    one_queue(batch);
    struct rtattr *info = nest(batch, IFLA_LINKINFO);
    text(batch, IFLA_INFO_KIND, "veth");
    struct rtattr *data = nest(batch, IFLA_INFO_DATA);
    struct rtattr *other = nest(batch, VETH_INFO_PEER);
    append(batch, &peer, sizeof peer);
    text(batch, IFLA_IFNAME, ifname);
    word(batch, IFLA_NET_NS_PID, (uint32_t)getpid());
    one_queue(batch);
    end_nest(batch, other);
    end_nest(batch, data);
    end_nest(batch, info);
    exchange(floor->sockets[near], batch, name);
}

static void make_port(struct floor *floor, int ifindex)
{
    struct batch *batch = &floor->batch;
    set_up(batch, ifindex);
    word(batch, IFLA_MASTER, BRIDGE);
    exchange(floor->sockets[floor->count - 1], batch, "joint");
}

/* An address as bytes; returns their number, 4 or 16. */
static uint32_t parse(const char *words, unsigned char *bytes)
{
    int family = strchr(words, ':') ? AF_INET6 : AF_INET;
    errno = EINVAL;
    if (inet_pton(family, words, bytes) != 1)
        fail("%s", words);
    return family == AF_INET ? 4 : 16;
}

static void add_address(struct batch *batch, int ifindex, const char *words, int length)
{
    unsigned char address[16];
    uint32_t size = parse(words, address);
    struct ifaddrmsg local = {
        .ifa_family = size == 4 ? AF_INET : AF_INET6,
        .ifa_prefixlen = (uint8_t)length,
        .ifa_flags = size == 4 ? 0 : IFA_F_NODAD,
        .ifa_index = (uint32_t)ifindex,
    };
    begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &local, sizeof local);
    attribute(batch, IFA_LOCAL, address, size);
    attribute(batch, IFA_ADDRESS, address, size);
    if (size == 4 && length < 31) {
        uint32_t broadcast;
        memcpy(&broadcast, address, sizeof broadcast);
        word(batch, IFA_BROADCAST, broadcast | htonl(~0U >> length));
    }
}

static void add_route(struct batch *batch, const char *words, int length, const char *via)
{
    unsigned char dst[16], gateway[16];
    uint32_t size = parse(words, dst);
    parse(via, gateway);
    struct rtmsg route = {
        .rtm_family = size == 4 ? AF_INET : AF_INET6,
        .rtm_dst_len = (uint8_t)length,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_BOOT,
        .rtm_scope = RT_SCOPE_UNIVERSE,
        .rtm_type = RTN_UNICAST,
    };
    begin(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
    if (length)
        attribute(batch, RTA_DST, dst, size);
    attribute(batch, RTA_GATEWAY, gateway, size);
}

/* One line inside of C ... E. */
static void configure(struct batch *batch, char **words)
{
    if (words[0][0] == 'U')
        set_up(batch, atoi(words[1]));
    else if (words[0][0] == 'A')
        add_address(batch, atoi(words[1]), words[2], atoi(words[3]));
    else
        add_route(batch, words[1], atoi(words[2]), words[3]);
}

static void read_line(struct floor *floor, char **words)
{
    static int netns;
    switch (words[0][0]) {
    case 'B':
        make_bridge(floor, words[1]);
        break;
    case 'N':
        enter(floor, words[1]);
        break;
    case 'F':
        let_forward();
        break;
    case 'L':
        make_veth(floor, atoi(words[1]), atoi(words[2]), words[3], (uint32_t)atoi(words[4]),
                  atoi(words[5]));
        break;
    case 'M':
        make_port(floor, atoi(words[1]));
        break;
    case 'C':
        netns = atoi(words[1]);
        set_up(&floor->batch, LO);
        break;
    case 'E':
        exchange(floor->sockets[netns], &floor->batch, "node");
        close(floor->sockets[netns]);
        break;
    default:
        if (floor->batch.count >= MOST_MESSAGES)
            exchange(floor->sockets[netns], &floor->batch, "node");
        configure(&floor->batch, words);
    }
}

static void make_network(const char *path)
{
    static struct floor floor;
    char line[256], *words[8] = {0};
    FILE *file = fopen(path, "re");
    if (!file)
        fail("%s", path);
    enter_sandbox();
    while (fgets(line, sizeof line, file)) {
        int count = 0;
        for (char *one = strtok(line, " \n"); one && count < 7; one = strtok(NULL, " \n"))
            words[count++] = one;
        if (count)
            read_line(&floor, words);
    }
    fclose(file);
    for (int i = 0; i < floor.bridge_count; i++) {
        set_up(&floor.batch, BRIDGE);
        exchange(floor.bridges[i], &floor.batch, "bridge up");
        close(floor.bridges[i]);
    }
}

static void check_in(const char *name, char **command, int words)
{
    char path[NAME_SIZE], *argv[words + 2];
    snprintf(path, sizeof path, "/run/netns/%s", name);
    memcpy(argv, command, sizeof *argv * (size_t)words);
    argv[words] = (char *)name;
    argv[words + 1] = NULL;
    pid_t child = fork();
    if (!child) {
        int netns = open(path, O_RDONLY | O_CLOEXEC);
        if (netns < 0 || setns(netns, CLONE_NEWNET) || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
            fail("%s", path);
        execvp(argv[0], argv);
        fail("%s", argv[0]);
    }
    int status = 0;
    errno = EPROTO;
    if (child < 0 || waitpid(child, &status, 0) != child || status)
        fail("check in %s", name);
}

/* One `Key: 123 kB` line of a file in /proc; -1 if there is none. */
static long kib(const char *path, const char *key)
{
    char line[256];
    long found = -1;
    size_t length = strlen(key);
    FILE *file = fopen(path, "re");
    while (file && found < 0 && fgets(line, sizeof line, file))
        if (!strncmp(line, key, length) && line[length] == ':')
            found = atol(line + length + 1);
    if (file)
        fclose(file);
    return found;
}

/* As contestants/usage.py counts it. */
static long kernel_kib(void)
{
    const char *others[] = {"MemFree", "Buffers", "Cached", "AnonPages"};
    long left = kib("/proc/meminfo", "MemTotal");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        left -= kib("/proc/meminfo", others[i]);
    return left;
}

static double of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* A descriptor for each node that is not configured yet, and for each bridge. */
static void raise_limit(void)
{
    struct rlimit limit = {1 << 20, 1 << 20};
    if (setrlimit(RLIMIT_NOFILE, &limit) && !getrlimit(RLIMIT_NOFILE, &limit)) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    double start = seconds();
    struct rusage before, after;
    if (argc < 2 || (argc > 2 && argc < 5)) {
        fprintf(stderr, "usage: floor FILE [FIRST LAST CHECK-COMMAND...]\n");
        return 2;
    }
    long empty = kernel_kib();
    raise_limit();
    getrusage(RUSAGE_SELF, &before);
    make_network(argv[1]);
    double up = seconds() - start;
    getrusage(RUSAGE_SELF, &after);
    long full = kernel_kib();
    for (int i = 2; argc > 2 && i < 4; i++)
        check_in(argv[i], argv + 4, argc - 4);
    double leave = seconds();
    if (umount2("/run", MNT_DETACH))
        fail("unmounting the names");
    double down = seconds() - leave;
    printf("{\"up\": %.6f, \"down\": %.6f, \"left_at\": %.6f, \"user\": %.6f, \"system\": %.6f, "
           "\"peak_kib\": %ld, \"held_kib\": null, \"kernel_kib\": %ld, \"checked\": %s, "
           "\"phases\": {}, \"also\": {}}\n",
           up, down, leave, of(after.ru_utime) - of(before.ru_utime),
           of(after.ru_stime) - of(before.ru_stime), kib("/proc/self/status", "VmHWM"),
           full - empty, argc > 2 ? "true" : "false");
    return 0;
}
