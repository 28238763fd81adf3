// Sealing of what libldap reads and writes, with the keys of a GSSAPI context.
#pragma once

#include "agent/directory/sealed_frames.hpp"
#include "agent/gss/gssapi.hpp"

#include <lber.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::directory {

/// gss_wrap and gss_unwrap; `conf` false only for the last tokens of the login (RFC 4752 3.1).
/// Nothing where GSSAPI refuses, or did or does not encrypt although `conf` is wanted.
std::optional<std::string> wrap_token(gss_ctx_id_t context, std::string_view plain, bool conf);
std::optional<std::string> unwrap_token(gss_ctx_id_t context, std::string_view sealed, bool conf);

/// How strong the context seals (SSF), in bits of the key; 0: not known.
std::uint32_t strength(gss_ctx_id_t context);

/// Thread rule: one thread at a time; it stays where it is and outlives the connection.
class SealedLayer {
 public:
  /// `most`: the longest message that the server takes.
  SealedLayer(gss_ctx_id_t context, std::uint32_t most);
  SealedLayer(const SealedLayer&) = delete;
  SealedLayer& operator=(const SealedLayer&) = delete;

  /// From now on everything is sealed. False: libldap refuses.
  bool put_into(Sockbuf* socket);
  /// The other side sent what it did not seal, or a message that is too long.
  bool broken() const { return broken_; }

 private:
  static const Sockbuf_IO& functions();
  ber_slen_t read(Sockbuf_IO_Desc* below, void* buffer, std::size_t length);
  ber_slen_t write(Sockbuf_IO_Desc* below, const void* bytes, std::size_t length);
  bool fill(Sockbuf_IO_Desc* below);

  gss_ctx_id_t context_;
  std::uint32_t most_;
  SealedFrames in_;
  bool broken_ = false;
};

}  // namespace sfb::directory
