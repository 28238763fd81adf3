#include "agent/gss/logon.hpp"

#include "agent/base/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace sfb::gss {

namespace {

constexpr std::chrono::seconds kClocksAgree{5};

std::string_view bytes_of(const krb5_data& data) {
  return {data.data, data.length};
}

std::unexpected<Error> failed(const Krb5& krb5, krb5_error_code code, const Circumstances& of) {
  return std::unexpected(
      explain(GSS_S_FAILURE, static_cast<std::uint32_t>(code), krb5.text(code), of));
}

// By the password of the keytab file's own user: nothing is asked.
Result<std::string> keytab_version(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status{};
  const bool read = file >= 0 && ::fstat(file, &status) == 0;
  const int error = errno;
  if (file >= 0) {
    ::close(file);
  }
  if (!read) {
    return fail(Reason::process, "auth.keytab",
                fmt::format("the keytab {} cannot be read: {}", path,
                            std::generic_category().message(error)),
                fmt::format("let uid {} read it", ::getuid()));
  }
  return fmt::format("{}:{}:{}:{}.{}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

// libkrb5 makes the folder and a file in it where a collection is not there.
krb5_error_code check_there(const std::string& ccache) {
  constexpr std::string_view kFolder = "DIR:";
  if (!ccache.starts_with(kFolder)) {
    return 0;
  }
  std::string path = ccache.substr(kFolder.size());
  path = path.starts_with(':') ? path.substr(1) : path + "/primary";
  return ::access(path.c_str(), F_OK) == 0 ? 0 : KRB5_FCC_NOFILE;
}

krb5_error_code resolve_given(const Krb5& krb5, const Account& account, Krb5GivenCache& given) {
  const krb5_error_code absent = check_there(account.ccache);
  return absent != 0 ? absent : krb5_cc_resolve(krb5.get(), account.ccache.c_str(), given.out());
}

Circumstances circumstances(const Account& account, const Principal& principal) {
  return {.step = Step::logon,
          .principal = principal.name,
          .spn = {},
          .realm = principal.realm,
          .kdcs = {},
          .keytab = !account.keytab_file.empty()};
}

krb5_error_code parse(const Krb5& krb5, const Principal& principal, Krb5Principal& parsed) {
  // An enterprise name is one component; its realm says which KDC is asked.
  return principal.enterprise
             ? krb5_parse_name_flags(krb5.get(),
                                     fmt::format("{}@{}", principal.name, principal.realm).c_str(),
                                     KRB5_PRINCIPAL_PARSE_ENTERPRISE, parsed.out())
             : krb5_parse_name(krb5.get(), principal.name.c_str(), parsed.out());
}

// `kvno 3 aes256-cts-hmac-sha1-96, kvno 2 arcfour-hmac`: the keys of this name.
krb5_error_code read_keys(const Krb5& krb5, krb5_keytab keytab, krb5_const_principal principal,
                          std::string& keys) {
  const krb5_error_code code = each_entry(krb5, keytab, [&](const krb5_keytab_entry& entry) {
    if (krb5_principal_compare(krb5.get(), entry.principal, principal) != 0) {
      keys += fmt::format("{}kvno {} {}", keys.empty() ? "" : ", ", entry.vno,
                          enctype_name(entry.key.enctype));
    }
  });
  if (code != 0) {
    return code;
  }
  return keys.empty() ? KRB5_KT_NOTFOUND : 0;
}

// The AS exchange.
krb5_error_code ask(Tickets& tickets, const Account& account, const Principal& principal,
                    const Secret* password, Facts& facts) {
  const Krb5& krb5 = *tickets.krb5;
  Krb5Principal client(krb5);
  Krb5Options options(krb5);
  krb5_error_code code = parse(krb5, principal, client);
  if (code == 0) {
    code = krb5_get_init_creds_opt_alloc(krb5.get(), options.out());
  }
  if (code == 0) {
    code = krb5_get_init_creds_opt_set_out_ccache(krb5.get(), options.get(), tickets.cache.get());
  }
  if (code != 0) {
    return code;
  }
  // For constrained delegation, which the server asks for; this agent delegates nothing.
  krb5_get_init_creds_opt_set_forwardable(options.get(), 1);
  krb5_get_init_creds_opt_set_proxiable(options.get(), 0);
  krb5_get_init_creds_opt_set_canonicalize(options.get(), principal.enterprise ? 1 : 0);
  krb5_creds creds{};
  if (!account.keytab_file.empty()) {
    Krb5Keytab keytab(krb5);
    code = krb5_kt_resolve(krb5.get(), ("FILE:" + account.keytab_file).c_str(), keytab.out());
    std::string keys;
    if (code == 0) {
      // Before the KDC is asked, which would hide what is wrong with the file.
      code = read_keys(krb5, keytab.get(), client.get(), keys);
      facts.emplace_back("keytab", keys.empty() ? "no key of this name" : keys);
    }
    if (code == 0) {
      code = krb5_get_init_creds_keytab(krb5.get(), &creds, client.get(), keytab.get(), 0, nullptr,
                                        options.get());
    }
  } else {
    // A secret is the whole of its string, so a zero stands behind it.
    code = krb5_get_init_creds_password(krb5.get(), &creds, client.get(), password->reveal().data(),
                                        nullptr, nullptr, 0, nullptr, options.get());
  }
  krb5_free_cred_contents(krb5.get(), &creds);
  return code;
}

// What a given cache holds, copied into ours.
Status read_given(Tickets& tickets, const Account& account) {
  const Krb5& krb5 = *tickets.krb5;
  Circumstances& of = tickets.of;
  Krb5GivenCache given(krb5);
  Krb5Principal holder(krb5);
  krb5_error_code code = resolve_given(krb5, account, given);
  if (code == 0) {
    code = krb5_cc_get_principal(krb5.get(), given.get(), holder.out());
  }
  if (code != 0) {
    Error error = std::move(failed(krb5, code, of).error());
    error.message += fmt::format(": {}, as uid {}", account.ccache, ::getuid());
    return std::unexpected(std::move(error));
  }
  const std::string held = krb5.name_of(holder.get());
  if (!account.username.empty()) {
    const auto wanted = principal_of(account);
    if (!wanted) {
      return std::unexpected(wanted.error());
    }
    // The KDC gave the account of an enterprise name its own name.
    if (!wanted->enterprise && wanted->name != held) {
      const bool by_case = iequals(wanted->name, held);
      return fail(Reason::process, "auth.ccache",
                  fmt::format("the given ticket cache {} is not that of {}{}", account.ccache,
                              wanted->name, by_case ? ": the case of the names differs" : ""),
                  "write the user name as klist shows it, or give another cache", held);
    }
  }
  of.principal = held;
  of.realm = std::string(bytes_of(holder.get()->realm));
  code = krb5_cc_initialize(krb5.get(), tickets.cache.get(), holder.get());
  if (code == 0) {
    code = krb5_cc_copy_creds(krb5.get(), given.get(), tickets.cache.get());
  }
  return code == 0 ? Status() : failed(krb5, code, of);
}

// A renewable ticket of a given cache is renewed in ours; its file stays as it is.
void renew(Tickets& tickets) {
  const Krb5& krb5 = *tickets.krb5;
  Krb5Principal client(krb5);
  krb5_creds creds{};
  if (krb5_cc_get_principal(krb5.get(), tickets.cache.get(), client.out()) != 0 ||
      krb5_get_renewed_creds(krb5.get(), &creds, client.get(), tickets.cache.get(), nullptr) != 0) {
    return;
  }
  if (krb5_cc_initialize(krb5.get(), tickets.cache.get(), client.get()) == 0) {
    krb5_cc_store_cred(krb5.get(), tickets.cache.get(), &creds);
  }
  krb5_free_cred_contents(krb5.get(), &creds);
}

struct Granting {
  bool found = false;
  bool renewable = false;
  WallTime begins;
  WallTime ends;
};

// The ticket-granting ticket of our cache.
Granting granting_of(const Tickets& tickets) {
  Granting best;
  each_credential(*tickets.krb5, tickets.cache.get(), [&](const krb5_creds& creds) {
    const WallTime ends(std::chrono::seconds(static_cast<std::uint32_t>(creds.times.endtime)));
    if (grants_tickets(creds) && (!best.found || ends > best.ends)) {
      best = {.found = true,
              .renewable = (creds.ticket_flags & TKT_FLG_RENEWABLE) != 0,
              .begins =
                  WallTime(std::chrono::seconds(static_cast<std::uint32_t>(creds.times.starttime))),
              .ends = ends};
    }
  });
  return best;
}

void note_clocks(Tickets& tickets, WallTime now, Facts& facts) {
  krb5_timestamp seconds = 0;
  krb5_int32 micros = 0;
  if (krb5_get_time_offsets(tickets.krb5->get(), &seconds, &micros) != 0) {
    return;
  }
  tickets.ahead = std::chrono::seconds(seconds);
  if (std::chrono::abs(tickets.ahead) > kClocksAgree) {
    facts.emplace_back(
        "kdc_clock",
        fmt::format("KDC {}, here {}", format_iso8601(now + tickets.ahead), format_iso8601(now)));
  }
}

void note_kdcs(Tickets& tickets, Facts& facts) {
  tickets.of.kdcs = tickets.krb5->trace()->kdcs();
  if (!tickets.of.kdcs.empty()) {
    facts.emplace_back("logon_kdcs", tickets.of.kdcs);
  }
  if (const std::string salt = tickets.krb5->trace()->salt(); tickets.of.keytab && !salt.empty()) {
    facts.emplace_back("kdc_salt", salt);
  }
}

Status fill(Tickets& tickets, const Account& account, const Secret* password, WallTime now,
            Facts& facts, const OnAsk& on_ask) {
  if (!account.ccache.empty()) {
    facts.emplace_back("ccache", account.ccache + ", read into memory");
    Status read = read_given(tickets, account);
    facts.emplace_back("principal", tickets.of.principal);
    return read;
  }
  auto principal = principal_of(account);
  if (!principal) {
    return std::unexpected(std::move(principal.error()));
  }
  tickets.of = circumstances(account, *principal);
  facts.emplace_back("principal", principal->name);
  facts.emplace_back("ccache", "in memory, of this endpoint alone");
  if (account.keytab_file.empty() && (password == nullptr || password->empty())) {
    return fail(Reason::internal, "auth.password", "there is no password");
  }
  on_ask(tickets.of, tickets.krb5->trace());
  const krb5_error_code code = ask(tickets, account, *principal, password, facts);
  note_kdcs(tickets, facts);
  note_clocks(tickets, now, facts);
  if (code != 0) {
    return failed(*tickets.krb5, code, tickets.of);
  }
  Krb5Principal named(*tickets.krb5);
  if (principal->enterprise &&
      krb5_cc_get_principal(tickets.krb5->get(), tickets.cache.get(), named.out()) == 0) {
    facts.emplace_back("canonical", tickets.krb5->name_of(named.get()));
  }
  return {};
}

}  // namespace

Result<std::string> source_of(const Account& account) {
  if (!account.keytab_file.empty()) {
    return keytab_version(account.keytab_file);
  }
  if (account.ccache.empty()) {
    return std::string();
  }
  auto krb5 = Krb5::create();
  if (!krb5) {
    return std::unexpected(std::move(krb5.error()));
  }
  Krb5GivenCache given(**krb5);
  std::string version;
  krb5_error_code code = resolve_given(**krb5, account, given);
  if (code == 0) {
    code = each_credential(**krb5, given.get(), [&](const krb5_creds& creds) {
      if (grants_tickets(creds)) {
        version = std::string(bytes_of(creds.ticket));
      }
    });
  }
  if (code != 0) {
    Error error = std::move(failed(**krb5, code, {.step = Step::logon}).error());
    error.message += fmt::format(": {}, as uid {}", account.ccache, ::getuid());
    return std::unexpected(std::move(error));
  }
  return version;
}

Result<std::unique_ptr<Tickets>> log_on(const Account& account, const Secret* password,
                                        WallTime now, Facts& facts, const OnAsk& on_ask) {
  auto krb5 = Krb5::create();
  if (!krb5) {
    return std::unexpected(std::move(krb5.error()));
  }
  auto tickets = std::make_unique<Tickets>(std::move(*krb5));
  const krb5_error_code made =
      krb5_cc_new_unique(tickets->krb5->get(), "MEMORY", nullptr, tickets->cache.out());
  if (made != 0) {
    return failed(*tickets->krb5, made, {.step = Step::logon});
  }
  if (Status filled = fill(*tickets, account, password, now, facts, on_ask); !filled) {
    return std::unexpected(std::move(filled.error()));
  }
  Granting granting = granting_of(*tickets);
  const WallTime there = now + tickets->ahead;
  if (!account.ccache.empty() && granting.found && granting.renewable && granting.ends > there &&
      granting.ends - there < (granting.ends - granting.begins) / 4) {
    on_ask(tickets->of, tickets->krb5->trace());
    renew(*tickets);
    granting = granting_of(*tickets);
  }
  tickets->ends = granting.ends - tickets->ahead;
  if (!granting.found || tickets->ends <= now) {
    return fail(Reason::process, "auth.ccache",
                granting.found
                    ? fmt::format("the ticket of {} in {} ended at {}", tickets->of.principal,
                                  account.ccache, format_iso8601(tickets->ends))
                    : fmt::format("{} has no ticket to ask with", account.ccache),
                "the program that fills the cache must renew it before its end");
  }
  facts.emplace_back("ticket_ends", format_iso8601(tickets->ends));
  return tickets;
}

}  // namespace sfb::gss
