// A caller and our door in one process: the ticket of $KRB5CCNAME for SERVICE/HOST, accepted with
// the keys of KEYTAB. Prints the principal, the length of the first token, then the account's SID
// and its groups as the door reads them, a line each.
#include "agent/gss/acceptor.hpp"
#include "agent/gss/gssapi.hpp"
#include "agent/identity/pac.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  using namespace sfb;
  if (argc < 3) {
    fmt::print(stderr, "usage: lab_caller KEYTAB SERVICE@HOST [FILE FOR THE ACCOUNT DATA]\n");
    return 2;
  }
  const auto target = gss::import_name(argv[2], GSS_C_NT_HOSTBASED_SERVICE);
  gss::Context context;
  gss::Buffer token;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      target ? gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, context.out(), target->get(),
                                    gss::krb5_mechanism(), 0, GSS_C_INDEFINITE,
                                    GSS_C_NO_CHANNEL_BINDINGS, GSS_C_NO_BUFFER, nullptr,
                                    token.out(), nullptr, nullptr)
             : GSS_S_BAD_NAME;
  if (GSS_ERROR(major) != 0) {
    fmt::print(stderr, "no ticket: {}\n", gss::status_text(major, minor, gss::krb5_mechanism()));
    return 2;
  }
  const auto door = gss::Acceptor::open(argv[1]);
  const auto accepted = door ? door->accept(token.view(), {}) : std::unexpected(door.error());
  if (!accepted) {
    fmt::print("refused {}: {}\n", accepted.error().code, describe(accepted.error()));
    return 1;
  }
  fmt::print("{}\n{}\n", accepted->principal, token.view().size());
  if (accepted->logon_info.empty()) {
    return 0;
  }
  if (argc > 3) {
    std::ofstream(argv[3]) << accepted->logon_info;
  }
  const auto info = identity::read_logon_info(accepted->logon_info);
  if (!info) {
    fmt::print("refused {}\n", info.error().code);
    return 1;
  }
  fmt::print("{}\\{}\n{}\n", info->domain, info->account, info->user.str());
  for (const identity::Sid& group : info->groups) {
    fmt::print("{}\n", group.str());
  }
  return 0;
}
