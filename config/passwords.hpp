// Values in which somebody may have written a password by mistake. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sfb::config {

/// `user:password@`, as addresses of other programs have it.
bool holds_account(std::string_view text);

/// The first argument that is likely to hold a password: one with `user:password@`, the value of an
/// option that is called after one (`--password=x`, `-Password x`), `name:password` behind `-u`.
/// The program itself is not looked at. Nothing where there is none.
std::optional<std::size_t> password_among(std::span<const std::string> arguments);

}  // namespace sfb::config
