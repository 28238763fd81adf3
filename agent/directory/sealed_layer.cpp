#include "agent/directory/sealed_layer.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace sfb::directory {

std::optional<std::string> wrap_token(gss_ctx_id_t context, std::string_view plain, bool conf) {
  gss_buffer_desc input = gss::argument(plain);
  gss::Buffer output;
  OM_uint32 minor = 0;
  int sealed = 0;
  const OM_uint32 major =
      gss_wrap(&minor, context, conf ? 1 : 0, GSS_C_QOP_DEFAULT, &input, &sealed, output.out());
  return GSS_ERROR(major) || (conf && sealed == 0) ? std::nullopt
                                                   : std::optional<std::string>(output.view());
}

std::optional<std::string> unwrap_token(gss_ctx_id_t context, std::string_view sealed, bool conf) {
  gss_buffer_desc input = gss::argument(sealed);
  gss::Buffer output;
  OM_uint32 minor = 0;
  int was_sealed = 0;
  // Beside errors, each supplementary status is a message that was repeated, lost or moved.
  const OM_uint32 major = gss_unwrap(&minor, context, &input, output.out(), &was_sealed, nullptr);
  return major != GSS_S_COMPLETE || (conf && was_sealed == 0)
             ? std::nullopt
             : std::optional<std::string>(output.view());
}

std::uint32_t strength(gss_ctx_id_t context) {
  gss_buffer_set_t found = GSS_C_NO_BUFFER_SET;
  OM_uint32 minor = 0;
  std::uint32_t bits = 0;
  if (!GSS_ERROR(
          gss_inquire_sec_context_by_oid(&minor, context, GSS_C_SEC_CONTEXT_SASL_SSF, &found)) &&
      found != GSS_C_NO_BUFFER_SET && found->count == 1 && found->elements[0].length == 4) {
    std::array<unsigned char, 4> bytes{};
    std::memcpy(bytes.data(), found->elements[0].value, bytes.size());
    for (const unsigned char byte : bytes) {
      bits = (bits << 8U) | byte;
    }
  }
  gss_release_buffer_set(&minor, &found);
  return bits;
}

SealedLayer::SealedLayer(gss_ctx_id_t context, std::uint32_t most)
    : context_(context),
      most_(most),
      in_([context](std::string_view sealed) { return unwrap_token(context, sealed, true); }) {}

const Sockbuf_IO& SealedLayer::functions() {
  static Sockbuf_IO functions = {
      .sbi_setup = [](Sockbuf_IO_Desc* here, void* layer) -> int {
        here->sbiod_pvt = layer;
        return 0;
      },
      .sbi_remove = [](Sockbuf_IO_Desc* here) -> int {
        here->sbiod_pvt = nullptr;
        return 0;
      },
      // libldap asks before it waits for the socket.
      .sbi_ctrl = [](Sockbuf_IO_Desc* here, int option, void* argument) -> int {
        return option == LBER_SB_OPT_DATA_READY &&
                       static_cast<SealedLayer*>(here->sbiod_pvt)->in_.ready()
                   ? 1
                   : LBER_SBIOD_CTRL_NEXT(here, option, argument);
      },
      .sbi_read = [](Sockbuf_IO_Desc* here, void* buffer, ber_len_t length) -> ber_slen_t {
        return static_cast<SealedLayer*>(here->sbiod_pvt)->read(here, buffer, length);
      },
      .sbi_write = [](Sockbuf_IO_Desc* here, void* bytes, ber_len_t length) -> ber_slen_t {
        return static_cast<SealedLayer*>(here->sbiod_pvt)->write(here, bytes, length);
      },
      .sbi_close = [](Sockbuf_IO_Desc* /*here*/) -> int { return 0; },
  };
  return functions;
}

bool SealedLayer::put_into(Sockbuf* socket) {
  // liblber's argument is not const, though it only reads it.
  return ber_sockbuf_add_io(socket, const_cast<Sockbuf_IO*>(&functions()),
                            LBER_SBIOD_LEVEL_APPLICATION, this) == 0;
}

// Reads once of what is missing; false: the result of the read below counts.
bool SealedLayer::fill(Sockbuf_IO_Desc* below) {
  std::array<char, 16384> chunk{};
  const ber_slen_t came =
      LBER_SBIOD_READ_NEXT(below, chunk.data(), std::min(chunk.size(), in_.wanted()));
  if (came <= 0) {
    return false;
  }
  broken_ = !in_.add({chunk.data(), static_cast<std::size_t>(came)});
  return true;
}

ber_slen_t SealedLayer::read(Sockbuf_IO_Desc* below, void* buffer, std::size_t length) {
  while (!in_.ready() && !broken_) {
    errno = 0;
    if (!fill(below)) {
      // With an errno the wait goes on or failed; without one the other side has closed.
      return errno == 0 ? 0 : -1;
    }
  }
  if (broken_) {
    errno = EIO;
    return -1;
  }
  const std::string_view plain = in_.take(length);
  std::memcpy(buffer, plain.data(), plain.size());
  return static_cast<ber_slen_t>(plain.size());
}

ber_slen_t SealedLayer::write(Sockbuf_IO_Desc* below, const void* bytes, std::size_t length) {
  const auto sealed = wrap_token(context_, {static_cast<const char*>(bytes), length}, true);
  if (!sealed || sealed->size() > most_) {
    broken_ = true;
    errno = EIO;
    return -1;
  }
  std::string out = frame(*sealed);
  for (std::size_t at = 0; at < out.size();) {
    const ber_slen_t written = LBER_SBIOD_WRITE_NEXT(below, out.data() + at, out.size() - at);
    if (written <= 0) {
      return -1;
    }
    at += static_cast<std::size_t>(written);
  }
  return static_cast<ber_slen_t>(length);
}

}  // namespace sfb::directory
