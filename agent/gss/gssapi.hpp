// What every user of GSSAPI here needs: mechanisms, owners of its objects, texts of its errors.
#pragma once

#include "agent/base/error.hpp"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::gss {

/// The mechanisms, for the life of the process.
gss_OID krb5_mechanism();
gss_OID ntlm_mechanism();
gss_OID spnego_mechanism();

/// Owns a buffer that GSSAPI allocated.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { release(); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  gss_buffer_t out() {
    release();
    return &buffer_;
  }
  std::string_view view() const {
    // gss-ntlmssp leaves a length without bytes behind an error.
    return buffer_.value == nullptr
               ? std::string_view()
               : std::string_view(static_cast<const char*>(buffer_.value), buffer_.length);
  }
  bool empty() const { return buffer_.length == 0; }

 private:
  void release() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &buffer_);
  }
  gss_buffer_desc buffer_ = GSS_C_EMPTY_BUFFER;
};

/// Owns what `Release` gives back.
template <typename T, OM_uint32 (*Release)(OM_uint32*, T*)>
class Owned {
 public:
  Owned() = default;
  ~Owned() { reset(); }
  Owned(Owned&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = std::exchange(other.value_, nullptr);
    }
    return *this;
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  T get() const { return value_; }
  /// For calls that make the object, or go on with it.
  T* out() { return &value_; }
  void reset() {
    if (value_ != nullptr) {
      OM_uint32 minor = 0;
      Release(&minor, &value_);
      value_ = nullptr;
    }
  }

 private:
  T value_ = nullptr;
};

inline OM_uint32 delete_context(OM_uint32* minor, gss_ctx_id_t* context) {
  return gss_delete_sec_context(minor, context, GSS_C_NO_BUFFER);
}

using Name = Owned<gss_name_t, gss_release_name>;
using Credential = Owned<gss_cred_id_t, gss_release_cred>;
using Context = Owned<gss_ctx_id_t, delete_context>;

/// A view of ours as an argument. GSSAPI's arguments are not const, though it only reads them.
gss_buffer_desc argument(std::string_view bytes);

/// What the library says of a status; the mechanism's words, or the routine's where it has none.
std::string status_text(OM_uint32 major, OM_uint32 minor, gss_OID mechanism);

/// The name of a type of gss_import_name.
Result<Name> import_name(const std::string& text, gss_OID type);

}  // namespace sfb::gss
