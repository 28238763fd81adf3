#include "agent/gss/krb5_trace.hpp"

#include <gtest/gtest.h>

namespace sfb::gss {
namespace {

TEST(GssKrb5Trace, EachAddressHasItsOutcome) {
  Krb5Trace trace;
  EXPECT_EQ(trace.kdcs(), "");
  for (const char* message :
       {"[7] 1795875014.700000: Sending request (165 bytes) to X.COM",
        "[7] 1795875014.700000: Resolving hostname dc1.x.com",
        "[7] 1795875014.704760: Initiating TCP connection to stream 10.0.0.1:88",
        "[7] 1795875014.704761: Terminating TCP connection to stream 10.0.0.1:88",
        "[7] 1795875014.704762: Sending initial UDP request to dgram 10.0.0.1:88",
        "[7] 1795875014.704762: Initiating TCP connection to stream 10.0.0.2:88",
        "[7] 1795875024.704762: Terminating TCP connection to stream 10.0.0.2:88",
        "[7] 1795875024.704763: TCP error connecting to stream 10.0.0.3:88: 111/Connection refused",
        "[7] 1795875024.704764: Initiating TCP connection to stream 10.0.0.4:88",
        "[7] 1795875024.704765: Sending TCP request to stream 10.0.0.4:88\n",
        "[7] 1795875024.704766: Received answer (700 bytes) from stream 10.0.0.4:88\n",
        "[7] 1795875024.704767: Terminating TCP connection to stream 10.0.0.4:88"}) {
    trace.hear(message);
  }
  EXPECT_EQ(trace.kdcs(),
            "10.0.0.1:88 tcp: refused or closed, 10.0.0.1:88 udp: no answer, "
            "10.0.0.2:88 tcp: no answer, 10.0.0.3:88 tcp: Connection refused, "
            "10.0.0.4:88 tcp: answered");
}

TEST(GssKrb5Trace, TheSaltIsTheKdcs) {
  Krb5Trace trace;
  trace.hear("[7] 1.2: Selected etype info: etype aes256-cts, salt \"X.COMsvc\", params \"\"");
  EXPECT_EQ(trace.salt(), "X.COMsvc");
  trace.hear("[7] 1.2: Selected etype info: etype aes256-cts, salt \"cut");
  EXPECT_EQ(trace.salt(), "cut");
}

TEST(GssKrb5Trace, OtherWordsAreNothing) {
  Krb5Trace trace;
  for (const char* message :
       {"", " stream ", "to stream", "x stream :", "dgram", "] nothing: here"}) {
    trace.hear(message);
  }
  EXPECT_EQ(trace.kdcs(), "");
  for (int i = 0; i < 100; ++i) {
    trace.hear("Received answer (1 bytes) from stream 10.0.0." + std::to_string(i) + ":88");
  }
  EXPECT_LT(trace.kdcs().size(), 400U);
}

}  // namespace
}  // namespace sfb::gss
