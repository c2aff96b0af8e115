// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/socket_words.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>

namespace syscarve {
namespace {

struct SocketWord {
  int value;
  std::string_view word;
};

constexpr SocketWord kSocketFamilies[] = {
    {AF_UNIX, "unix"},
    {AF_INET, "inet"},
    {AF_AX25, "ax25"},
    {AF_IPX, "ipx"},
    {AF_APPLETALK, "appletalk"},
    {AF_NETROM, "netrom"},
    {AF_BRIDGE, "bridge"},
    {AF_ATMPVC, "atmpvc"},
    {AF_X25, "x25"},
    {AF_INET6, "inet6"},
    {AF_ROSE, "rose"},
    {AF_SECURITY, "security"},
    {AF_KEY, "key"},
    {AF_NETLINK, "netlink"},
    {AF_PACKET, "packet"},
    {AF_ATMSVC, "atmsvc"},
    {AF_RDS, "rds"},
    {AF_PPPOX, "pppox"},
    {AF_LLC, "llc"},
    {AF_IB, "ib"},
    {AF_MPLS, "mpls"},
    {AF_CAN, "can"},
    {AF_TIPC, "tipc"},
    {AF_BLUETOOTH, "bluetooth"},
    {AF_IUCV, "iucv"},
    {AF_RXRPC, "rxrpc"},
    {AF_ISDN, "isdn"},
    {AF_PHONET, "phonet"},
    {AF_IEEE802154, "ieee802154"},
    {AF_CAIF, "caif"},
    {AF_ALG, "alg"},
    {AF_NFC, "nfc"},
    {AF_VSOCK, "vsock"},
    {AF_KCM, "kcm"},
    {AF_QIPCRTR, "qipcrtr"},
    {AF_SMC, "smc"},
    {AF_XDP, "xdp"},
};
constexpr SocketWord kTypes[] = {{SOCK_STREAM, "stream"}, {SOCK_DGRAM, "dgram"},         {SOCK_RAW, "raw"},
                                 {SOCK_RDM, "rdm"},       {SOCK_SEQPACKET, "seqpacket"}, {SOCK_PACKET, "packet"}};

template <size_t count>
std::string_view WordOf(const SocketWord (&words)[count], int value) {
  const auto* const found = std::ranges::find(words, value, &SocketWord::value);
  return found == std::end(words) ? std::string_view() : found->word;
}

template <size_t count>
std::optional<int> ValueOf(const SocketWord (&words)[count], std::string_view word) {
  const auto* const found = std::ranges::find(words, word, &SocketWord::word);
  if (found == std::end(words)) return std::nullopt;
  return found->value;
}

}  // namespace

std::string_view SocketFamilyWord(int family) {
  return WordOf(kSocketFamilies, family);
}

std::string_view SocketTypeWord(int type) {
  return WordOf(kTypes, type);
}

std::optional<int> SocketFamilyFromWord(std::string_view word) {
  return ValueOf(kSocketFamilies, word);
}

std::optional<int> SocketTypeFromWord(std::string_view word) {
  return ValueOf(kTypes, word);
}

}  // namespace syscarve
