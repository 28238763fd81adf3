// Passwords against bcrypt hashes, by libcrypt.
#pragma once

#include "agent/base/secret.hpp"

namespace sfb::access {

/// Is this the password of `hash` (`$2a$`, `$2b$` or `$2y$`)? False for a hash that is none. As
/// bcrypt defines it, only the first 72 bytes of a password count; one with a NUL is never right.
/// Takes as long for a wrong password as for the right one: 2^cost steps, some 50 ms at cost 10.
/// Thread rule: any thread but the loop's.
bool bcrypt_matches(const Secret& password, const Secret& hash);

/// A hash of this cost, 4 to 31, that takes as long as a real one. Nobody knows its password.
Secret dummy_hash(int cost);

}  // namespace sfb::access
