#include "agent/access/caller.hpp"

namespace sfb::access {

std::string_view to_string(Proof proof) {
  switch (proof) {
    case Proof::none:
      return "none";
    case Proof::password:
      return "password";
    case Proof::token:
      return "token";
    case Proof::certificate:
      return "certificate";
    case Proof::kerberos:
      return "kerberos";
  }
  return "none";
}

}  // namespace sfb::access
