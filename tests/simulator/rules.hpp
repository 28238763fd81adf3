// The rules of WS-Management shells, as a server has them: written from Microsoft's documents and
// recorded conversations, without a look at the agent's client.
#pragma once

#include "tests/simulator/soap.hpp"

#include <string_view>

namespace sim {

/// Notes the rules that a request breaks, as far as one request alone can show it: HTTP head, SOAP
/// headers, options, selector and body. What comes when is Machine's.
void judge(SoapRequest& request);
/// The part of it that is about the body.
void judge_body(SoapRequest& request);

/// A GUID as clients of PSRP write it: upper case, with hyphens.
bool is_client_guid(std::string_view text);

}  // namespace sim
