// libkrb5 for one owner: its context, owners of its objects, and the KDCs that were asked.
#pragma once

#include "agent/base/error.hpp"
#include "agent/gss/krb5_trace.hpp"

#include <krb5/krb5.h>

#include <memory>
#include <string>
#include <utility>

namespace sfb::gss {

/// Thread rule: one thread at a time; it stays where it is, since others point to it.
class Krb5 {
 public:
  /// Reads the configuration as it is now. Reason::process, code `auth.krb5_conf`.
  static Result<std::unique_ptr<Krb5>> create();
  ~Krb5();
  Krb5(const Krb5&) = delete;
  Krb5& operator=(const Krb5&) = delete;

  krb5_context get() const { return context_; }
  /// The library's text for the last error of this code.
  std::string text(krb5_error_code code) const;
  std::string name_of(krb5_const_principal principal) const;
  /// The KDCs asked; it may outlive this, and be read while this waits for one.
  std::shared_ptr<const Krb5Trace> trace() const { return trace_; }

 private:
  Krb5() = default;
  static void on_trace(krb5_context context, const krb5_trace_info* info, void* self);

  krb5_context context_ = nullptr;
  std::shared_ptr<Krb5Trace> trace_ = std::make_shared<Krb5Trace>();
};

/// Owns an object of a context.
template <typename T, auto Free>
class Krb5Owned {
 public:
  explicit Krb5Owned(const Krb5& krb5) : context_(krb5.get()) {}
  ~Krb5Owned() {
    if (value_ != nullptr) {
      Free(context_, value_);
    }
  }
  Krb5Owned(const Krb5Owned&) = delete;
  Krb5Owned& operator=(const Krb5Owned&) = delete;

  T get() const { return value_; }
  T* out() { return &value_; }
  T release() { return std::exchange(value_, nullptr); }

 private:
  krb5_context context_;
  T value_ = nullptr;
};

using Krb5Principal = Krb5Owned<krb5_principal, krb5_free_principal>;
using Krb5Creds = Krb5Owned<krb5_creds*, krb5_free_creds>;
using Krb5Ticket = Krb5Owned<krb5_ticket*, krb5_free_ticket>;
using Krb5Options = Krb5Owned<krb5_get_init_creds_opt*, krb5_get_init_creds_opt_free>;
using Krb5Keytab = Krb5Owned<krb5_keytab, krb5_kt_close>;
using Krb5GivenCache = Krb5Owned<krb5_ccache, krb5_cc_close>;
/// Its cache goes with it.
using Krb5OwnCache = Krb5Owned<krb5_ccache, krb5_cc_destroy>;

/// Is it a ticket to ask for others with?
bool grants_tickets(const krb5_creds& creds);

/// Calls `hear` with each credential of a cache.
template <typename Hear>
krb5_error_code each_credential(const Krb5& krb5, krb5_ccache cache, Hear hear) {
  krb5_cc_cursor cursor = nullptr;
  krb5_error_code code = krb5_cc_start_seq_get(krb5.get(), cache, &cursor);
  if (code != 0) {
    return code;
  }
  krb5_creds creds{};
  while ((code = krb5_cc_next_cred(krb5.get(), cache, &cursor, &creds)) == 0) {
    hear(creds);
    krb5_free_cred_contents(krb5.get(), &creds);
  }
  krb5_cc_end_seq_get(krb5.get(), cache, &cursor);
  return code == KRB5_CC_END ? 0 : code;
}

/// Calls `hear` with each entry of a keytab.
template <typename Hear>
krb5_error_code each_entry(const Krb5& krb5, krb5_keytab keytab, Hear hear) {
  krb5_kt_cursor cursor = nullptr;
  krb5_error_code code = krb5_kt_start_seq_get(krb5.get(), keytab, &cursor);
  if (code != 0) {
    return code;
  }
  krb5_keytab_entry entry{};
  while ((code = krb5_kt_next_entry(krb5.get(), keytab, &entry, &cursor)) == 0) {
    hear(entry);
    krb5_free_keytab_entry_contents(krb5.get(), &entry);
  }
  krb5_kt_end_seq_get(krb5.get(), keytab, &cursor);
  return code == KRB5_KT_END ? 0 : code;
}

/// `aes256-cts-hmac-sha1-96`, or the number.
std::string enctype_name(krb5_enctype enctype);

}  // namespace sfb::gss
