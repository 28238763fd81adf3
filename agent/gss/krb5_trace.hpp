// What libkrb5's trace tells of the KDCs that were asked. Its words are no interface: what is not
// understood is passed over.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::gss {

/// Thread rule: any thread; it is read while libkrb5 still waits for a KDC.
class Krb5Trace {
 public:
  /// One message of the trace.
  void hear(std::string_view message);
  /// `10.0.0.1:88 tcp: refused or closed, 10.0.0.2:88 tcp: answered`; empty: nobody was asked.
  std::string kdcs() const;
  /// The salt that the KDC wants a password or keytab to be made with; empty: it did not say.
  std::string salt() const;

 private:
  struct Asked {
    std::string address;
    std::string outcome = {};
    double began = 0;
  };
  Asked& asked(std::string_view address);

  mutable std::mutex mutex_;
  std::vector<Asked> asked_;
  std::string salt_;
};

}  // namespace sfb::gss
