// SPDX-License-Identifier: Apache-2.0
// The network.
#include "cases.h"

static void bind_to(int family, int type, int port) {
  const int fd = socket(family, type, 0);
  struct sockaddr_in old = {
      .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in6 new = {
      .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = in6addr_loopback};
  told("bind",
       family == AF_INET ? bind(fd, (struct sockaddr*)&old, sizeof old) : bind(fd, (struct sockaddr*)&new, sizeof new));
}
CASE(low_port) {
  bind_to(AF_INET, SOCK_STREAM, 1);
}
CASE(low_port_udp) {
  bind_to(AF_INET, SOCK_DGRAM, 1);
}
CASE(low_port_ipv6) {
  bind_to(AF_INET6, SOCK_STREAM, 1);
}
CASE(any_port) {
  bind_to(AF_INET, SOCK_STREAM, 0);
}
CASE(raw_socket) {
  told("socket", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}
CASE(raw_socket_ipv6) {
  told("socket", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
}
CASE(packet_socket) {
  told("socket", socket(AF_PACKET, SOCK_RAW, 0));
}
CASE(ping) {
  told("socket", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
}
CASE_WHERE(vsock, no_vsock) {
  told("socket", socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int stream(void) {
  return socket(AF_INET, SOCK_STREAM, 0);
}
static void set_option(int level, int option, int value) {
  told("setsockopt", setsockopt(stream(), level, option, &value, sizeof value));
}
CASE(mark_packets) {
  set_option(SOL_SOCKET, SO_MARK, 1);
}
CASE(priority) {
  set_option(SOL_SOCKET, SO_PRIORITY, 6);
}
CASE(high_priority) {
  set_option(SOL_SOCKET, SO_PRIORITY, 7);
}
CASE(force_buffer) {
  set_option(SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20);
}
CASE(transparent) {
  set_option(IPPROTO_IP, IP_TRANSPARENT, 1);
}
CASE(bind_to_device) {
  told("setsockopt", setsockopt(stream(), SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
}
CASE(congestion_control) {
  char name[16];
  socklen_t size = sizeof name;
  const int fd = stream();
  getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &size);
  told("setsockopt", setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strnlen(name, sizeof name)));
}
CASE(other_congestion_control) {
  told("setsockopt", setsockopt(stream(), IPPROTO_TCP, TCP_CONGESTION, "cubic", 5));
}
CASE(repair) {
  set_option(IPPROTO_TCP, TCP_REPAIR, 1);
}
CASE(no_delay) {
  set_option(IPPROTO_TCP, TCP_NODELAY, 1);
}
CASE(flags_of_no_interface) {
  struct ifreq request = {.ifr_name = "syscarve-none"};
  told("SIOCGIFFLAGS", ioctl(stream(), SIOCGIFFLAGS, &request));
}
CASE(flags_of_interface) {
  struct ifreq request = {.ifr_name = "lo"};
  told("SIOCGIFFLAGS", ioctl(stream(), SIOCGIFFLAGS, &request));
}
CASE(interface_up) {
  if (enter(CLONE_NEWNET) != 0) return;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  told("SIOCSIFFLAGS", ioctl(stream(), SIOCSIFFLAGS, &request));
}

// Says how the kernel answers a request.
static void ask(int protocol, void* request, size_t size) {
  const int fd = socket(AF_NETLINK, SOCK_RAW, protocol);
  union {
    struct nlmsghdr header;
    char room[16384];
  } answer = {0};
  told("send", send(fd, request, size, 0));
  const ssize_t length = told("recv", recv(fd, &answer, sizeof answer, MSG_DONTWAIT));
  if (length < 0) return;
  if (answer.header.nlmsg_type == NLMSG_ERROR) {
    const int error = -((struct nlmsgerr*)NLMSG_DATA(&answer.header))->error;
    say("answer=%s ", error == 0 ? "ok" : strerrorname_np(error));
  } else {
    say("answer=data ");
  }
}
CASE(list_links) {
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {{sizeof request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {0}};
  ask(NETLINK_ROUTE, &request, sizeof request);
}
CASE(change_link) {
  if (enter(CLONE_NEWNET) != 0) return;
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {{sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
               {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP}};
  ask(NETLINK_ROUTE, &request, sizeof request);
}
CASE(list_sockets) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 diag;
  } request = {{sizeof request, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, 1, 0},
               {.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << 10 /* TCP_LISTEN */}};
  ask(NETLINK_SOCK_DIAG, &request, sizeof request);
}
CASE_WHERE(audit_message, no_audit) {
  struct {
    struct nlmsghdr header;
    char text[16];
  } request = {{sizeof request, AUDIT_USER, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, "op=case res=1"};
  ask(NETLINK_AUDIT, &request, sizeof request);
}
CASE_WHERE(audit_status, no_audit) {
  struct nlmsghdr request = {sizeof request, AUDIT_GET, NLM_F_REQUEST | NLM_F_ACK, 1, 0};
  ask(NETLINK_AUDIT, &request, sizeof request);
}
CASE_WHERE(audit_log, no_audit) {
  const int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT);
  const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = 1};
  told("bind", bind(fd, (const struct sockaddr*)&address, sizeof address));
}
CASE_WHERE(tunnel, no_tun) {
  if (enter(CLONE_NEWNET) != 0) return;
  const int fd = open("/dev/net/tun", O_RDWR);
  struct ifreq request = {.ifr_name = "case0", .ifr_flags = IFF_TUN | IFF_NO_PI};
  told("TUNSETIFF", ioctl(fd, TUNSETIFF, &request));
}
CASE(read_network_setting) {
  read_some("/proc/sys/net/core/somaxconn");
}
CASE(write_network_setting) {
  if (enter(CLONE_NEWNET) == 0) write_text("/proc/sys/net/ipv4/ip_forward", "0\n");
}
