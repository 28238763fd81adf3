#include "agent/gss/sealing.hpp"

#include "agent/gss/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace sfb::gss {

namespace {

constexpr std::size_t kNtlmSignature = 16;
// The largest padding of an old cipher.
constexpr std::size_t kMaxPadding = 8;

gss_OID mechanism_of(bool ntlm) {
  return ntlm ? ntlm_mechanism() : krb5_mechanism();
}

std::unexpected<Error> refused(OM_uint32 major, OM_uint32 minor, bool ntlm) {
  return std::unexpected(explain(major, minor, status_text(major, minor, mechanism_of(ntlm)),
                                 {.step = Step::seal, .spn = "this connection"}));
}

std::unexpected<Error> unsealed(std::string message) {
  return fail(Reason::protocol, "auth.seal", std::move(message),
              "look at what lies between agent and server, and at the server's WinRM service");
}

std::string_view view(const gss_buffer_desc& buffer) {
  return {static_cast<const char*>(buffer.value), buffer.length};
}

Result<Sealed> wrap_whole(gss_ctx_id_t context, std::string_view plain) {
  OM_uint32 minor = 0;
  int sealed = 0;
  gss_buffer_desc input = argument(plain);
  Buffer output;
  const OM_uint32 major =
      gss_wrap(&minor, context, 1, GSS_C_QOP_DEFAULT, &input, &sealed, output.out());
  if (GSS_ERROR(major)) {
    return refused(major, minor, true);
  }
  if (sealed == 0 || output.view().size() < kNtlmSignature) {
    return unsealed("NTLM would not encrypt the message");
  }
  return Sealed{std::string(output.view().substr(0, kNtlmSignature)),
                std::string(output.view().substr(kNtlmSignature)), plain.size()};
}

Result<Sealed> wrap_parts(gss_ctx_id_t context, std::string_view plain) {
  std::string data(plain);
  std::array<gss_iov_buffer_desc, 3> iov{};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE;
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = {data.size(), data.data()};
  iov[2].type = GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE;
  OM_uint32 minor = 0;
  int sealed = 0;
  const OM_uint32 major = gss_wrap_iov(&minor, context, 1, GSS_C_QOP_DEFAULT, &sealed, iov.data(),
                                       static_cast<int>(iov.size()));
  if (GSS_ERROR(major)) {
    return refused(major, minor, false);
  }
  Sealed out{std::string(view(iov[0].buffer)), std::move(data), plain.size()};
  out.ciphertext += view(iov[2].buffer);
  out.length += iov[2].buffer.length;
  OM_uint32 ignored = 0;
  gss_release_iov_buffer(&ignored, iov.data(), static_cast<int>(iov.size()));
  if (sealed == 0) {
    return unsealed("Kerberos would not encrypt the message");
  }
  return out;
}

struct Opened {
  OM_uint32 major = GSS_S_FAILURE;
  OM_uint32 minor = 0;
  bool encrypted = false;
  std::string plain;
};

Opened open_parts(gss_ctx_id_t context, const auth::SealedPart& part) {
  Opened opened;
  std::string header(part.signature);
  std::string data(part.ciphertext);
  // With a second, empty part of data the library looks for no padding, which RC4 from Windows
  // does not have.
  std::array<gss_iov_buffer_desc, 3> iov{};
  iov[0].type = GSS_IOV_BUFFER_TYPE_HEADER;
  iov[0].buffer = {header.size(), header.data()};
  iov[1].type = GSS_IOV_BUFFER_TYPE_DATA;
  iov[1].buffer = {data.size(), data.data()};
  iov[2].type = GSS_IOV_BUFFER_TYPE_DATA;
  int encrypted = 0;
  opened.major = gss_unwrap_iov(&opened.minor, context, &encrypted, nullptr, iov.data(),
                                static_cast<int>(iov.size()));
  opened.encrypted = encrypted != 0;
  opened.plain = std::move(data);
  return opened;
}

Opened open_whole(gss_ctx_id_t context, const auth::SealedPart& part) {
  Opened opened;
  const std::string token = std::string(part.signature).append(part.ciphertext);
  gss_buffer_desc input = argument(token);
  Buffer plain;
  int encrypted = 0;
  opened.major = gss_unwrap(&opened.minor, context, &input, plain.out(), &encrypted, nullptr);
  opened.encrypted = encrypted != 0;
  opened.plain = std::string(plain.view());
  return opened;
}

// The padding of old ciphers: n bytes of value n.
std::size_t padding_of(std::string_view plain) {
  const std::size_t count = plain.empty() ? 0 : static_cast<unsigned char>(plain.back());
  const bool padded = count > 0 && count <= kMaxPadding && count <= plain.size() &&
                      std::ranges::all_of(plain.substr(plain.size() - count), [&](char c) {
                        return static_cast<unsigned char>(c) == count;
                      });
  return padded ? count : 0;
}

// Tokens since RFC 4121 have no padding; those before it begin with an ASN.1 frame.
bool may_be_padded(std::string_view signature) {
  return signature.starts_with('\x60');
}

}  // namespace

Result<Sealed> wrap(gss_ctx_id_t context, bool ntlm, std::string_view plain) {
  return ntlm ? wrap_whole(context, plain) : wrap_parts(context, plain);
}

Result<std::string> unwrap(gss_ctx_id_t context, bool ntlm, const auth::SealedPart& part) {
  Opened opened = ntlm ? open_whole(context, part) : open_parts(context, part);
  const bool padded = !ntlm && may_be_padded(part.signature);
  if (!GSS_ERROR(opened.major)) {
    if (padded) {
      opened.plain.resize(opened.plain.size() - padding_of(opened.plain));
    }
  } else if (!ntlm) {
    Opened again = open_whole(context, part);
    if (!GSS_ERROR(again.major)) {
      opened = std::move(again);
    }
  }
  if (opened.major != GSS_S_COMPLETE) {
    return refused(opened.major, opened.minor, ntlm);
  }
  if (!opened.encrypted) {
    return unsealed("the server signed its answer and did not encrypt it");
  }
  const std::size_t size = opened.plain.size();
  const bool fits =
      size == part.length || (padded && part.length > size && part.length - size <= kMaxPadding);
  if (!fits) {
    return unsealed(
        fmt::format("the sealed answer has {} bytes, not the {} that it says", size, part.length));
  }
  return std::move(opened.plain);
}

}  // namespace sfb::gss
