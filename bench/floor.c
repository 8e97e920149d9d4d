/* The smallest number of netlink messages that make the star, from one thread of a C program: one
 * for each cable (both ends named and placed, the fabric's end enslaved and up) and four for each
 * node, in one datagram (lo up, eth0 up, address, default route). Every acknowledgement is read and
 * checked. The bridge lives in a netns of its own with IPv6 off, and is brought up last. Timed from
 * the program's first line, its sandbox included, to the last acknowledgement.
 *
 * Usage: floor NODES [CHECK-COMMAND...]
 * With a command, it is run in the first and the last node after the timing, with the node's number
 * and the number of nodes appended. Prints one line of JSON; seconds and KiB.
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Chosen, so that no answer has to be read to learn them. */
enum { LO = 1, ETH0 = 64, BRIDGE = 64, FIRST_PORT = 128 };
/* As in contestants/star.py: 10.0.0.1 is the first node's, the gateway is nobody's. */
enum { FIRST_ADDRESS = 0x0a000001, GATEWAY = 0x0a00fffe, PREFIX = 16 };
/* The kernel refuses more. */
enum { MOST_PORTS = 1023 };
/* More than the acknowledgements of the largest datagram here. */
enum { MOST_ACKS = 8, ACK_SIZE = 1024 };

struct batch {
    char bytes[2048];
    uint32_t length;
    uint32_t first, count; /* sequence numbers first .. first + count - 1 */
    struct nlmsghdr *message;
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
static void exchange(int netlink, const struct batch *batch, const char *what)
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
}

static void write_file(const char *path, const char *content, int required)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
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
        write_file("/proc/self/setgroups", "deny", 0);
        snprintf(map, sizeof map, "0 %u 1", user);
        write_file("/proc/self/uid_map", map, 1);
        snprintf(map, sizeof map, "0 %u 1", group);
        write_file("/proc/self/gid_map", map, 1);
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
        fail("making / private");
    if (mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") || mkdir("/run/netns", 0755))
        fail("/run");
}

/* Enter a new netns, give it a name, and open its netlink socket. */
static int enter_netns(const char *name)
{
    char path[64];
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

static int make_fabric(void)
{
    struct batch batch = {0};
    struct ifinfomsg link = {.ifi_index = BRIDGE};
    int fabric = enter_netns("lan");
    write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1", 0);
    write_file("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1", 0);
    begin(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    text(&batch, IFLA_IFNAME, "lan");
    /* One of its own: else the bridge would look through its ports for the lowest. */
    attribute(&batch, IFLA_ADDRESS, "\x02\0\0\0\0\1", 6);
    struct rtattr *info = nest(&batch, IFLA_LINKINFO);
    text(&batch, IFLA_INFO_KIND, "bridge");
    end_nest(&batch, info);
    exchange(fabric, &batch, "bridge");
    return fabric;
}

/* The caller is in the node: IFLA_NET_NS_PID names it without a descriptor. */
static void make_cable(int fabric, int number)
{
    struct batch batch = {0};
    char port[IFNAMSIZ];
    struct ifinfomsg link = {
        .ifi_index = FIRST_PORT + number, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct ifinfomsg peer = {.ifi_index = ETH0};
    snprintf(port, sizeof port, "p%d", number);
    begin(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &link, sizeof link);
    text(&batch, IFLA_IFNAME, port);
    word(&batch, IFLA_MASTER, BRIDGE);
    struct rtattr *info = nest(&batch, IFLA_LINKINFO);
    text(&batch, IFLA_INFO_KIND, "veth");
    struct rtattr *data = nest(&batch, IFLA_INFO_DATA);
    struct rtattr *other = nest(&batch, VETH_INFO_PEER);
    append(&batch, &peer, sizeof peer);
    text(&batch, IFLA_IFNAME, "eth0");
    word(&batch, IFLA_NET_NS_PID, (uint32_t)getpid());
    end_nest(&batch, other);
    end_nest(&batch, data);
    end_nest(&batch, info);
    exchange(fabric, &batch, port);
}

static void configure_node(int node, int number)
{
    struct batch batch = {0};
    uint32_t address = htonl(FIRST_ADDRESS + (uint32_t)number);
    uint32_t broadcast = htonl(FIRST_ADDRESS | (uint32_t)((1 << (32 - PREFIX)) - 1));
    struct ifaddrmsg local = {.ifa_family = AF_INET, .ifa_prefixlen = PREFIX, .ifa_index = ETH0};
    struct rtmsg route = {
        .rtm_family = AF_INET,
        .rtm_table = RT_TABLE_MAIN,
        .rtm_protocol = RTPROT_BOOT,
        .rtm_scope = RT_SCOPE_UNIVERSE,
        .rtm_type = RTN_UNICAST,
    };
    set_up(&batch, LO);
    set_up(&batch, ETH0);
    begin(&batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &local, sizeof local);
    attribute(&batch, IFA_LOCAL, &address, sizeof address);
    attribute(&batch, IFA_ADDRESS, &address, sizeof address);
    attribute(&batch, IFA_BROADCAST, &broadcast, sizeof broadcast);
    begin(&batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
    word(&batch, RTA_GATEWAY, htonl(GATEWAY));
    exchange(node, &batch, "node");
}

static void make_star(int nodes)
{
    struct batch last = {0};
    enter_sandbox();
    int fabric = make_fabric();
    for (int number = 0; number < nodes; number++) {
        char name[IFNAMSIZ];
        snprintf(name, sizeof name, "h%d", number);
        int node = enter_netns(name);
        make_cable(fabric, number);
        configure_node(node, number);
        close(node);
    }
    set_up(&last, BRIDGE);
    exchange(fabric, &last, "bridge up");
    close(fabric);
}

static void check_in(int number, int nodes, char **command, int words)
{
    char path[64], index[16], total[16], *argv[words + 3];
    snprintf(path, sizeof path, "/run/netns/h%d", number);
    snprintf(index, sizeof index, "%d", number);
    snprintf(total, sizeof total, "%d", nodes);
    memcpy(argv, command, sizeof *argv * (size_t)words);
    argv[words] = index;
    argv[words + 1] = total;
    argv[words + 2] = NULL;
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
        fail("check in h%d", number);
}

/* The highest resident set of this program; ru_maxrss would also count whoever started it. */
static long peak_kib(void)
{
    char line[256];
    long peak = -1;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && peak < 0 && fgets(line, sizeof line, file))
        sscanf(line, "VmHWM: %ld", &peak);
    if (file)
        fclose(file);
    return peak;
}

static double of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    double start = seconds();
    struct rusage before, after;
    int nodes = argc > 1 ? atoi(argv[1]) : 0;
    if (nodes < 1 || nodes > MOST_PORTS) {
        fprintf(stderr, "usage: floor NODES [CHECK-COMMAND...], 1 to %d nodes\n", MOST_PORTS);
        return 2;
    }
    getrusage(RUSAGE_SELF, &before);
    make_star(nodes);
    double up = seconds() - start;
    getrusage(RUSAGE_SELF, &after);
    if (argc > 2) {
        check_in(0, nodes, argv + 2, argc - 2);
        check_in(nodes - 1, nodes, argv + 2, argc - 2);
    }
    double leave = seconds();
    if (umount2("/run", MNT_DETACH))
        fail("unmounting the names");
    double down = seconds() - leave;
    printf("{\"up\": %.6f, \"down\": %.6f, \"user\": %.6f, \"system\": %.6f, \"peak_kib\": %ld, "
           "\"held_kib\": null, \"checked\": %s, \"phases\": {}}\n",
           up, down, of(after.ru_utime) - of(before.ru_utime),
           of(after.ru_stime) - of(before.ru_stime), peak_kib(), argc > 2 ? "true" : "false");
    return 0;
}
