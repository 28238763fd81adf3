// The head of a request as Beast reads it, line by line into the request itself: Beast's own
// message would take memory for each line.
#pragma once

#include "agent/http/types.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sfb::http {

/// Beast says what a request is; this says where its parts go. Method, headers and authorization of
/// the request are overwritten, so that their memory serves again; a body is appended. Valid
/// headers that are refused all the same are told by `wrong`. Thread rule: none of its own.
class RequestHead final : public boost::beast::http::basic_parser<true> {
 public:
  /// `request` stays where it is; it may be emptied behind the headers.
  explicit RequestHead(Request& request) : request_(request) {}

  /// What a header is that no request here may have, the first of them.
  enum class Wrong : std::uint8_t { nothing, transfer_encoding, two_authorizations };
  enum class Expect : std::uint8_t { nothing, go_on, other };

  const std::string& target() const { return target_; }
  bool http11() const { return http11_; }
  std::size_t hosts() const { return hosts_; }
  Wrong wrong() const { return wrong_; }
  Expect expects() const { return expects_; }

 private:
  using Field = boost::beast::http::field;
  using Text = boost::beast::string_view;
  using ErrorCode = boost::beast::error_code;
  using Length = boost::optional<std::uint64_t>;

  void on_request_impl(boost::beast::http::verb verb, Text method, Text target, int version,
                       ErrorCode& error) override;
  void on_field_impl(Field field, Text name, Text value, ErrorCode& error) override;
  void on_header_impl(ErrorCode& error) override;
  void on_body_init_impl(const Length& length, ErrorCode& error) override;
  std::size_t on_body_impl(Text bytes, ErrorCode& error) override;
  void on_finish_impl(ErrorCode& error) override;
  // What a request cannot have, or what is refused before.
  void on_response_impl(int status, Text reason, int version, ErrorCode& error) override;
  void on_chunk_header_impl(std::uint64_t size, Text extensions, ErrorCode& error) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, Text bytes, ErrorCode& error) override;

  Request& request_;
  std::string target_;
  bool http11_ = true;
  std::size_t headers_ = 0;  ///< so many of the request's are of this head
  std::size_t hosts_ = 0;
  bool authorized_ = false;
  Wrong wrong_ = Wrong::nothing;
  Expect expects_ = Expect::nothing;
};

}  // namespace sfb::http
