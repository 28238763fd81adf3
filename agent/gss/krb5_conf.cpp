#include "agent/gss/krb5_conf.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

namespace sfb::gss {

namespace {

// Children inherit the variable, not the descriptor: so high a number is nothing of theirs, and
// libkrb5 passes over a file that is not there.
constexpr int kDescriptor = 200;

// What is no host, realm or address could end its line or its section.
bool is_plain(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_name_character(c) || std::string_view(":[]%").contains(c);
  });
}

void append_realm(std::string& out, const Realm& realm) {
  if (!is_plain(realm.name) || realm.kdcs.empty()) {
    return;
  }
  out += fmt::format("\t{} = {{\n", realm.name);
  for (const std::string& kdc : realm.kdcs) {
    if (is_plain(kdc)) {
      // Each is a primary one: where the list has none, libkrb5 asks DNS for it and tries a refused
      // password there once more, which brings a lock-out nearer.
      out += fmt::format("\t\tkdc = {0}\n\t\tprimary_kdc = {0}\n", kdc);
    }
  }
  // Final: the machine's own file adds no KDC to the list.
  out += "\t}*\n";
}

std::unexpected<Error> refused(std::string_view what) {
  return fail(Reason::process, "auth.krb5_conf",
              fmt::format("the Kerberos settings cannot be handed to libkrb5: {}: {}", what,
                          std::generic_category().message(errno)));
}

Status write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0) {
      return refused("write");
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

// Its place among the descriptors stays the same, so the path does; -1 before the first call.
int& place() {
  static int descriptor = -1;
  return descriptor;
}

Status put(int file, const std::string& text) {
  if (Status written = write_all(file, text); !written) {
    return written;
  }
  if (place() >= 0) {
    return ::dup3(file, place(), O_CLOEXEC) < 0 ? refused("dup3") : Status();
  }
  int high = ::fcntl(file, F_DUPFD_CLOEXEC, kDescriptor);
  if (high < 0) {
    high = ::fcntl(file, F_DUPFD_CLOEXEC, 3);  // few descriptors are allowed here
  }
  if (high < 0) {
    return refused("fcntl");
  }
  const char* before = std::getenv("KRB5_CONFIG");
  const std::string path =
      fmt::format("/proc/self/fd/{}:{}", high, before == nullptr ? "/etc/krb5.conf" : before);
  if (::setenv("KRB5_CONFIG", path.c_str(), 1) != 0) {
    ::close(high);
    return refused("setenv");
  }
  place() = high;
  return {};
}

}  // namespace

std::string krb5_conf(std::span<const Realm> realms) {
  std::string out =
      "[libdefaults]\n"
      "\trdns = false\n"
      "\tdns_canonicalize_hostname = false\n"
      "\tqualify_shortname = \"\"\n"
      "\tudp_preference_limit = 1\n"
      "\tforwardable = true\n";
  if (!realms.empty() && is_plain(realms.front().name)) {
    out += fmt::format("\tdefault_realm = {}\n", realms.front().name);
  }
  out += "[realms]\n";
  for (const Realm& realm : realms) {
    append_realm(out, realm);
  }
  out += "[domain_realm]\n";
  for (const Realm& realm : realms) {
    for (const std::string& host : realm.hosts) {
      if (is_plain(realm.name) && is_plain(host)) {
        out += fmt::format("\t{} = {}\n", to_lower(host), realm.name);
      }
    }
  }
  return out;
}

Status use_krb5_conf(const std::string& text) {
  // A new file each time, put in the old one's place at once: nobody reads half of it.
  const int file = ::memfd_create("krb5.conf", MFD_CLOEXEC);
  if (file < 0) {
    return refused("memfd_create");
  }
  Status done = put(file, text);
  ::close(file);
  return done;
}

}  // namespace sfb::gss
