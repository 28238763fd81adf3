// What an observer is shown of a connection. Secrets are masked.
#pragma once

#include "agent/http/client_connection.hpp"
#include "agent/remote/winrm/winrm_endpoint.hpp"

#include <span>
#include <string>

namespace sfb::remote {

/// What a stage of opening found: the address, the certificates.
void tell_stage(const WinrmEndpoint& endpoint, const http::HttpConnection& connection, Stage stage);

/// What opening found of the host's name, as far as it is news: its address is that of before, or
/// the name stands for several machines. To the log and the observer.
void tell_addresses(WinrmEndpoint& endpoint, const http::HttpConnection& connection,
                    const Url& url);

/// A front end could not be reached: it is no longer the one that answers.
void tell_unreached(WinrmEndpoint& endpoint, const Url& url, const Error& error);

/// Head and body of a request; a body that another step holds back (`envelope` empty) is left out.
/// `messages` are those in the envelope, decoded.
void show_request(const WinrmEndpoint& endpoint, const Url& url, const http::HttpRequest& request,
                  std::string_view envelope, std::span<const std::string> messages);

/// The head of a reply.
void show_reply(const WinrmEndpoint& endpoint, const http::HttpReply& reply);

}  // namespace sfb::remote
