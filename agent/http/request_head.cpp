#include "agent/http/request_head.hpp"

#include "agent/base/text.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <utility>

namespace sfb::http {

namespace {

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

void RequestHead::on_request_impl(boost::beast::http::verb /*verb*/, Text method, Text target,
                                  int version, ErrorCode& error) {
  error = {};
  request_.method = view(method);
  request_.authorization = {};
  target_ = view(target);
  http11_ = version >= 11;
}

void RequestHead::on_field_impl(Field field, Text name, Text value, ErrorCode& error) {
  error = {};
  const std::string_view text = trim(view(value));
  const auto is_wrong = [this](Wrong what) { wrong_ = wrong_ == Wrong::nothing ? what : wrong_; };
  if (field == Field::transfer_encoding) {
    is_wrong(Wrong::transfer_encoding);
  } else if (field == Field::authorization) {
    if (std::exchange(authorized_, true)) {
      is_wrong(Wrong::two_authorizations);
    } else {
      request_.authorization = Secret(std::string(text));
    }
    return;
  } else if (field == Field::host) {
    ++hosts_;
  } else if (field == Field::expect) {
    expects_ = iequals(text, "100-continue") ? Expect::go_on : Expect::other;
  }
  if (headers_ == request_.headers.size()) {
    request_.headers.emplace_back();
  }
  Header& header = request_.headers[headers_++];
  header.name = view(name);
  header.value = text;
}

void RequestHead::on_header_impl(ErrorCode& error) {
  error = {};
  request_.headers.resize(headers_);
}

// Too long a body has been refused: the reader and the handlers look at its length first.
void RequestHead::on_body_init_impl(const Length& length, ErrorCode& error) {
  error = {};
  const std::uint64_t bytes = length.value_or(0);
  if (bytes > request_.body.max_size()) {
    error = boost::beast::http::error::buffer_overflow;
    return;
  }
  request_.body.reserve(static_cast<std::size_t>(bytes));
}

std::size_t RequestHead::on_body_impl(Text bytes, ErrorCode& error) {
  error = {};
  request_.body += view(bytes);
  return bytes.size();
}

void RequestHead::on_finish_impl(ErrorCode& error) {
  error = {};
}

void RequestHead::on_response_impl(int /*status*/, Text /*reason*/, int /*version*/,
                                   ErrorCode& error) {
  error = boost::beast::http::error::bad_version;
}

void RequestHead::on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/,
                                       ErrorCode& error) {
  error = boost::beast::http::error::bad_transfer_encoding;
}

std::size_t RequestHead::on_chunk_body_impl(std::uint64_t /*left*/, Text /*bytes*/,
                                            ErrorCode& error) {
  error = boost::beast::http::error::bad_transfer_encoding;
  return 0;
}

}  // namespace sfb::http
