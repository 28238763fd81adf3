// The simulator's own PSRP: fragments, messages and the CLIXML it sends. Written apart from the
// agent's client, so that a mistake of one side is seen by the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sim {

using GuidBytes = std::array<unsigned char, 16>;  ///< in wire order

struct PsrpMessage {
  std::uint32_t destination = 0;
  std::uint32_t type = 0;
  GuidBytes rpid{};
  GuidBytes pid{};
  std::string body;
};

inline constexpr std::uint32_t kSessionCapability = 0x00010002;
inline constexpr std::uint32_t kInitRunspacePool = 0x00010004;
inline constexpr std::uint32_t kRunspacePoolState = 0x00021005;
inline constexpr std::uint32_t kCreatePipeline = 0x00021006;
inline constexpr std::uint32_t kPrivateData = 0x00021009;
inline constexpr std::uint32_t kPipelineInput = 0x00041002;
inline constexpr std::uint32_t kPipelineInputEnd = 0x00041003;
inline constexpr std::uint32_t kPipelineOutput = 0x00041004;
inline constexpr std::uint32_t kErrorRecord = 0x00041005;
inline constexpr std::uint32_t kPipelineState = 0x00041006;
inline constexpr std::uint32_t kVerboseRecord = 0x00041008;
inline constexpr std::uint32_t kWarningRecord = 0x00041009;
inline constexpr std::uint32_t kProgressRecord = 0x00041010;
inline constexpr std::uint32_t kHostCall = 0x00041100;
inline constexpr std::uint32_t kHostResponse = 0x00041101;

/// The `ci` of the one host call that there is.
inline constexpr int kHostCallId = 1;

/// Puts a client's fragments together.
class Assembler {
 public:
  /// False: the bytes are no fragments, or not the next ones of their object.
  bool feed(std::string_view bytes, std::vector<PsrpMessage>& messages);

 private:
  struct Open {
    std::string bytes;
    std::uint64_t next = 0;
  };
  std::map<std::uint64_t, Open> open_;
};

/// One message as fragments of at most 32 KiB with the server's numbering.
std::vector<std::string> fragments_of(std::uint64_t object, std::uint32_t type,
                                      const GuidBytes& rpid, const GuidBytes& pid,
                                      std::string_view body, std::size_t max_blob = 32747);

/// Wire order from the text form; zero when it is none.
GuidBytes guid_bytes(std::string_view text);
std::string guid_text(const GuidBytes& bytes);

/// Text in an element or attribute: XML and CLIXML escapes.
std::string clixml_text(std::string_view text);

std::string capability_xml(const std::string& protocol);
std::string private_data_xml(const std::string& ps_version);
/// `member` is RunspaceState or PipelineState; an error text makes an ExceptionAsErrorRecord.
std::string state_xml(const std::string& member, int state, const std::string& error = {},
                      const std::string& error_id = {}, const std::string& type = {},
                      int category = 0);
std::string error_xml(const std::string& text, const std::string& id, const std::string& target);
std::string informational_xml(const std::string& text);
std::string progress_xml(const std::string& text);
std::string host_call_xml(int id);

/// One module as the server's object has it.
struct ModuleRow {
  std::string identity;
  std::string export_word;
  std::string import_word;
};
/// The status object at serialisation depth 1 (modules as text) or 2 (as objects).
std::string status_xml(const std::string& active_machine, const std::vector<ModuleRow>& modules,
                       int depth, const std::string& secure);
/// What the server's own formatter made of the output.
struct RenderedText {
  std::string text = {};     ///< empty: Out-String is not there
  std::string modules = {};  ///< of the modules; empty: these are text on the server
  bool wanted = false;       ///< the script was asked for a text
  bool expanded = false;     ///< and for that of the modules
};
/// What the agent's script counts.
struct CmdletCount {
  std::size_t objects = 0;  ///< without `$null`
  std::size_t errors = 0;
};
/// The hashtable of the agent's script; without `modules` that of a script for another cmdlet.
std::string extras_xml(const std::string& language, const CmdletCount& counted,
                       const std::vector<ModuleRow>* modules, const RenderedText& rendered);

}  // namespace sim
